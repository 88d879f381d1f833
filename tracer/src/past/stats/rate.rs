//! How many a second: on average, and in the busiest second.

const SECOND: u64 = 1_000_000_000;

/// Counts events by the second of the boot clock. Events of different CPUs come a little out of
/// order; what comes more than a second late counts for the last but one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rate {
    /// How many in all.
    pub total: u64,
    /// The first time, ns since boot; `None` before the first event.
    pub first: Option<u64>,
    /// The last time.
    pub last: u64,
    now: (u64, u64),
    before: (u64, u64),
    peak: (u64, u64),
}

impl Rate {
    pub(super) fn note(&mut self, ts: u64) {
        self.total += 1;
        self.first = Some(self.first.map_or(ts, |first| first.min(ts)));
        self.last = self.last.max(ts);
        let second = ts / SECOND;
        if second > self.now.0 || self.total == 1 {
            self.before = self.now;
            self.now = (second, 0);
        }
        let slot = if second == self.now.0 { &mut self.now } else { &mut self.before };
        slot.1 += 1;
        if slot.1 > self.peak.1 {
            self.peak = *slot;
        }
    }

    /// The busiest second: its begin, ns since boot, and how many.
    pub fn peak(&self) -> (u64, u64) {
        (self.peak.0.saturating_mul(SECOND), self.peak.1)
    }

    /// The time between the first and the last, ns.
    pub fn span(&self) -> u64 {
        self.last.saturating_sub(self.first.unwrap_or(self.last))
    }

    /// How many a second on average; `None` without a span.
    pub fn mean(&self) -> Option<u64> {
        let span = u128::from(self.span());
        let each = (u128::from(self.total) * u128::from(SECOND)).checked_div(span)?;
        u64::try_from(each).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_is_found_in_slight_disorder() {
        let mut rate = Rate::default();
        for ts in [5, 6, SECOND + 1, SECOND - 1, SECOND + 2, SECOND + 3, SECOND + 4, 9 * SECOND] {
            rate.note(ts);
        }
        assert_eq!(rate.peak(), (SECOND, 4));
        assert_eq!((rate.total, rate.span(), rate.mean()), (8, 9 * SECOND - 5, Some(0)));
        assert_eq!(Rate::default().mean(), None);
    }
}
