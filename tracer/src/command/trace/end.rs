//! When tracing ends by itself.

use std::time::Duration;

use super::now;

/// When tracing ends by itself, if it does.
pub(in crate::command) struct End {
    /// ns since boot.
    at: Option<u64>,
}

impl End {
    /// After a duration from now, and at a time, ns since boot: at the earlier one.
    pub(in crate::command) fn new(duration: Option<Duration>, until: Option<u64>) -> Self {
        let after = |time: Duration| {
            now().saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))
        };
        Self { at: duration.map(after).into_iter().chain(until).min() }
    }

    /// Whether it is reached; said once.
    pub(in crate::command) fn is_reached_once(&mut self) -> bool {
        let reached = self.at.is_some_and(|at| now() > at);
        if reached {
            self.at = None;
        }
        reached
    }
}
