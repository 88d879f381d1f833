//! How fast a replay goes.
#![expect(clippy::cast_precision_loss, reason = "a nap need not be exact to the ns")]

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::cli::Speed;

/// The longest sleep: signals are heard, and a closed pipe is noticed, in between.
const NAP: Duration = Duration::from_millis(50);

/// Holds events back until they are due.
pub(super) struct Pace {
    /// `None`: as fast as it goes.
    speed: Option<f64>,
    /// When which time was shown first.
    origin: Option<(Instant, u64)>,
}

impl Pace {
    pub(super) fn new(speed: Speed) -> Self {
        let speed = match speed {
            Speed::Max => None,
            Speed::Times(factor) => Some(factor),
        };
        Self { speed, origin: None }
    }

    /// Whether an event of this time is not yet due.
    pub(super) fn is_early(&mut self, ts: u64) -> bool {
        self.speed.is_some() && !self.left(ts).is_zero()
    }

    /// Sleeps a little if the event is not yet due; whether it did.
    pub(super) fn wait(&mut self, ts: u64) -> bool {
        let left = self.left(ts).min(NAP);
        if left.is_zero() {
            return false;
        }
        thread::sleep(left);
        true
    }

    fn left(&mut self, ts: u64) -> Duration {
        let Some(speed) = self.speed else { return Duration::ZERO };
        let (begun, first) = *self.origin.get_or_insert_with(|| (Instant::now(), ts));
        let due = Duration::from_nanos((ts.saturating_sub(first) as f64 / speed) as u64);
        due.saturating_sub(begun.elapsed())
    }
}
