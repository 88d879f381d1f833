//! Delta debugging: leaves out ever smaller pieces, as long as what is left shows the same.

/// Leaves out what is not needed. `shows` says whether a candidate still shows it, and `None` when
/// nothing more may be tried. What is left, and whether not one of it can be left out.
pub(super) fn minimize(
    kept: Vec<usize>,
    shows: &mut dyn FnMut(&[usize]) -> Option<bool>,
) -> (Vec<usize>, bool) {
    let mut kept = kept;
    let mut piece = kept.len().div_ceil(2).max(1);
    let mut rest = Vec::new();
    loop {
        let mut less = false;
        let mut from = 0;
        while from < kept.len() {
            rest.clear();
            rest.extend(kept.iter().take(from));
            rest.extend(kept.iter().skip(from + piece));
            match shows(&rest) {
                None => return (kept, false),
                Some(true) => {
                    std::mem::swap(&mut kept, &mut rest);
                    less = true;
                }
                Some(false) => from += piece,
            }
        }
        match piece {
            1 if !less => return (kept, true),
            1 => {}
            _ => piece = piece.div_ceil(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of so many where these are needed, whether it is the least, and after how many
    /// tries.
    fn left(count: usize, needed: &[usize], tries: u32) -> (Vec<usize>, bool, u32) {
        let mut tried = 0;
        let (kept, minimal) = minimize((0..count).collect(), &mut |kept| {
            tried += 1;
            (tried <= tries).then(|| needed.iter().all(|one| kept.contains(one)))
        });
        (kept, minimal, tried)
    }

    #[test]
    fn only_what_is_needed_is_left() {
        for needed in [&[][..], &[0], &[999], &[3, 4, 5], &[0, 17, 500, 501, 999]] {
            let (kept, minimal, tried) = left(1000, needed, 1000);
            assert_eq!((&kept[..], minimal), (needed, true));
            assert!(tried < 200, "{tried} tries for {needed:?}");
        }
        assert_eq!(left(0, &[], 10), (vec![], true, 0));
        assert_eq!(left(1, &[0], 10).0, [0]);
    }

    #[test]
    fn what_is_found_when_nothing_more_may_be_tried_still_shows_it() {
        for tries in 0..60 {
            let (kept, minimal, _) = left(1000, &[3, 700], tries);
            assert!(kept.contains(&3) && kept.contains(&700));
            assert!(!minimal || kept.len() == 2, "{tries}");
        }
    }

    #[test]
    fn pieces_that_need_each_other_go_together_or_stay() {
        // Even ones are needed by the odd ones behind them, and 41 is needed.
        let (kept, minimal) = minimize((0..100).collect(), &mut |kept| {
            let odd = kept.iter().filter(|&&one| one % 2 == 1);
            Some(kept.contains(&41) && odd.into_iter().all(|odd| kept.contains(&(odd - 1))))
        });
        assert_eq!((kept, minimal), (vec![40, 41], true));
    }
}
