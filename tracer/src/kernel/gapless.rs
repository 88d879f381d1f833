//! Losses that no gap in the sequence numbers shows, counted by the kernel.

use super::Counters;

/// Losses that no gap shows: programs that the kernel skipped, and returns of functions that it
/// missed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gapless {
    skipped: u64,
    missed: u64,
    /// Entries without a return at the latest count: missed ones, and functions that still run.
    open: u64,
    /// The latest time at which there was nothing that is not told, ns since boot.
    pub(super) clean: u64,
}

impl Gapless {
    /// Takes a count at a time; how many more are certain now.
    pub(super) fn note(&mut self, counters: Counters, ts: u64) -> u64 {
        // What still ran at the last count has returned by now, or was missed.
        let missed = counters.missed_returns.min(self.open).max(self.missed);
        let new = counters.recursion.saturating_sub(self.skipped) + (missed - self.missed);
        (self.skipped, self.missed) = (counters.recursion.max(self.skipped), missed);
        self.open = counters.missed_returns;
        if self.open <= self.missed {
            self.clean = ts;
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_gap_shows_is_told_once_and_when_it_is_certain() {
        let mut gapless = Gapless::default();
        let mut note = |recursion, missed_returns, ts| {
            let counters = Counters { recursion, missed_returns, ..Counters::default() };
            (gapless.note(counters, ts), gapless.clean)
        };
        assert_eq!(note(0, 0, 10), (0, 10));
        assert_eq!(note(0, 1, 20), (0, 10), "it may still return");
        assert_eq!(note(0, 0, 30), (0, 30), "and so it did");
        assert_eq!(note(2, 1, 40), (2, 30));
        assert_eq!(note(2, 2, 50), (1, 30), "one of them was missed");
        assert_eq!(note(2, 1, 60), (0, 60), "the other has returned");
    }
}
