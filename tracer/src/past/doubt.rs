//! When the tables may have been wrong: before the first sweep, and from a loss to the sweep that
//! repaired it.

use crate::event::{Body, Event};
use crate::model::World;

/// Intervals that are kept; with more, the last one grows.
const MOST: usize = 4096;

/// The intervals of doubt, in order of time.
#[derive(Clone, Debug)]
pub struct Doubt {
    past: Vec<(u64, u64)>,
    open: Option<u64>,
    began: Option<u64>,
    last: u64,
}

impl Default for Doubt {
    fn default() -> Self {
        Self { past: Vec::new(), open: Some(0), began: None, last: 0 }
    }
}

impl Doubt {
    /// The tables are given, as of this time: nothing is known of what was before.
    pub(super) fn start(&mut self, world: &World, ts: u64) {
        self.began = Some(ts);
        self.last = self.last.max(ts);
        if world.certain_since().is_some() {
            self.close(ts);
        }
    }

    /// Takes note of an event; `world` is as it left it.
    pub(super) fn note(&mut self, world: &World, event: &Event) {
        let ts = event.header.ts;
        self.began = Some(self.began.map_or(ts, |began| began.min(ts)));
        self.last = self.last.max(ts);
        if let Body::Lost(lost) = &event.body {
            let since = if lost.since == 0 { self.began.unwrap_or(0) } else { lost.since };
            self.open = Some(self.open.map_or(since, |open| open.min(since)));
        } else if self.open.is_some()
            && let Some(certain) = world.certain_since()
        {
            self.close(certain);
        }
    }

    /// A sweep has repaired the tables. A loss is told late: it may reach into what was certain.
    fn close(&mut self, ts: u64) {
        let Some(mut from) = self.open.take() else { return };
        while let Some(&(start, end)) = self.past.last()
            && (from <= end || self.past.len() >= MOST)
        {
            from = from.min(start);
            self.past.pop();
        }
        self.past.push((from, ts));
    }

    /// The interval of doubt that a time lies in.
    pub fn at(&self, ts: u64) -> Option<(u64, u64)> {
        if let Some(from) = self.open
            && ts >= from
        {
            return Some((from, self.last));
        }
        let next = self.past.partition_point(|&(from, _)| from <= ts);
        let &(from, until) = self.past.get(next.checked_sub(1)?)?;
        (ts < until).then_some((from, until))
    }

    /// The time of the first event; `None` before it.
    pub fn began(&self) -> Option<u64> {
        self.began
    }

    /// The time of the last event.
    pub fn ended(&self) -> u64 {
        self.last
    }
}
