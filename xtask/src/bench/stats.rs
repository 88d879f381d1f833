//! Medians and their spread. No means: one interrupt would move them.

/// The middle of some measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    /// A quarter of them is below.
    pub(super) low: f64,
    /// Half of them is below.
    pub(super) median: f64,
    /// A quarter of them is above.
    pub(super) high: f64,
}

impl Spread {
    /// Of any measurements; `None` without any.
    pub(super) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |part| quantile(&sorted, part);
        Some(Self { low: at(0.25)?, median: at(0.5)?, high: at(0.75)? })
    }
}

/// The value below which a part of the sorted values lies, between two of them by proportion.
#[expect(clippy::cast_precision_loss, reason = "nobody measures 2^52 times")]
pub(super) fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)? as f64);
    let below = *sorted.get(place.floor() as usize)?;
    let above = *sorted.get(place.ceil() as usize)?;
    Some(below + (above - below) * place.fract())
}

/// Blocks that were measured in turn: off, on, off, on, …, off. Each `on` block minus the mean of
/// its two neighbours: what drifts slowly (clock, caches, other guests of the machine) falls out.
pub(super) fn paired(blocks: &[f64]) -> Vec<f64> {
    blocks.windows(3).step_by(2).map(|three| three[1] - f64::midpoint(three[0], three[2])).collect()
}

/// The `off` blocks among them.
pub(super) fn off(blocks: &[f64]) -> Vec<f64> {
    blocks.iter().copied().step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(value: f64) -> Spread {
        Spread { low: value, median: value, high: value }
    }

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        let spread = Spread::of(&[9.0, 1.0, 5.0, 3.0, 7.0]).unwrap();
        assert_eq!(spread, Spread { low: 3.0, median: 5.0, high: 7.0 });
    }

    #[test]
    fn between_two_values_the_way_is_shared() {
        let spread = Spread::of(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!(spread, Spread { low: 1.75, median: 2.5, high: 3.25 });
        assert_eq!(Spread::of(&[4.0]), Some(exact(4.0)));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn an_outlier_does_not_move_the_median() {
        assert_eq!(Spread::of(&[1.0, 1.0, 1.0, 1.0, 1000.0]), Some(exact(1.0)));
    }

    #[test]
    fn a_drift_falls_out_of_pairs() {
        // Two more with each block, and five while tracing.
        let blocks = [10.0, 17.0, 14.0, 21.0, 18.0];
        assert_eq!(paired(&blocks), [5.0, 5.0]);
        assert_eq!(off(&blocks), [10.0, 14.0, 18.0]);
    }

    #[test]
    fn an_on_block_without_two_neighbours_counts_for_nothing() {
        assert_eq!(paired(&[1.0, 2.0]), Vec::<f64>::new());
        assert_eq!(paired(&[1.0, 2.0, 1.0, 9.0]), [1.0]);
    }
}
