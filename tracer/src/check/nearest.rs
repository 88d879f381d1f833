//! The names that are nearest to one that no rule has.

use super::ALL;

/// Names that are told at most.
const TOLD: usize = 3;

/// Longer names are like none.
const LONGEST: usize = 64;

/// The rules whose names are most like this one, the most like first; none if no name is like it.
pub fn nearest(name: &str) -> Vec<&'static str> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let mut near: Vec<_> = ALL
        .iter()
        .map(|rule| (distance(name.as_bytes(), rule.id.as_bytes()), rule.id))
        .filter(|&(far, id)| far <= id.len() / 2 || part(name, id))
        .collect();
    near.sort_by_key(|&(far, id)| (!part(name, id), far));
    near.into_iter().take(TOLD).map(|(_, id)| id).collect()
}

/// Whether one is a part of the other.
fn part(name: &str, id: &str) -> bool {
    name.len() > 2 && (id.contains(name) || name.contains(id))
}

/// How many bytes must be put in, taken out or changed.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (at, one) in left.iter().enumerate() {
        let mut corner = at;
        let mut before = at + 1;
        if let Some(first) = row.first_mut() {
            *first = before;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(right) {
            let change = corner + usize::from(one != other);
            corner = *cell;
            before = change.min(before + 1).min(corner + 1);
            *cell = before;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_changes() {
        for (left, right, far) in
            [("", "", 0), ("a", "", 1), ("", "ab", 2), ("kitten", "sitting", 3), ("abc", "abc", 0)]
        {
            assert_eq!(distance(left.as_bytes(), right.as_bytes()), far, "{left} {right}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_rule() {
        assert_eq!(nearest("uniqe-number").first(), Some(&"unique-number"));
        assert_eq!(nearest("level-bond").first(), Some(&"level-bound"));
        assert!(nearest("namespace").iter().all(|id| id.contains("namespace")));
    }

    #[test]
    fn what_is_like_nothing_finds_nothing() {
        assert_eq!(nearest("qqqqqqqqqqqqqqqqqqqq"), [""; 0]);
        assert_eq!(nearest(&"x".repeat(1 << 20)), [""; 0]);
    }
}
