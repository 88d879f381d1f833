//! When the tables are compared with the kernel's own.

use std::time::{Duration, Instant};

/// Rounds in which what is on its way comes in at the end.
pub(super) const DRAIN: usize = 12;

/// When the tables are compared.
pub(super) struct Audit {
    /// How often; `None` at the start and the end only.
    every: Option<Duration>,
    last: Instant,
}

impl Audit {
    /// Every so often; at zero, at the start and the end only.
    pub(super) fn new(every: Duration) -> Self {
        let every = Some(every).filter(|every| !every.is_zero());
        Self { every, last: Instant::now() }
    }

    /// Whether it is time; said once.
    pub(super) fn is_due(&mut self) -> bool {
        let due = self.every.is_some_and(|every| self.last.elapsed() >= every);
        if due {
            self.last = Instant::now();
        }
        due
    }
}
