//! When the tables are compared with the kernel's own, and what is known of losses by then.

use std::time::{Duration, Instant};

use tracer::{
    event::{Body, Event, Header, Lost, NO_CPU},
    stream,
};
use tracer_ebpf::wire::kind;

use super::now;

/// Rounds in which what is on its way comes in at the end.
pub(super) const DRAIN: usize = 12;

/// When the tables are compared, and until when nothing was lost without a gap.
pub(super) struct Audit {
    /// How often; `None` at the start and the end only.
    every: Option<Duration>,
    last: Instant,
    /// Until when no gapless loss was counted, ns since boot.
    clean: u64,
}

impl Audit {
    /// Every so often; at zero, at the start and the end only.
    pub(super) fn new(every: Duration, start: u64) -> Self {
        let every = Some(every).filter(|every| !every.is_zero());
        Self { every, last: Instant::now(), clean: start }
    }

    /// Whether it is time; said once. `unseen` counts the losses without a gap.
    pub(super) fn is_due(&mut self, unseen: impl FnOnce() -> u64) -> bool {
        let due = self.every.is_some_and(|every| self.last.elapsed() >= every);
        if due {
            self.last = Instant::now();
            // A function that has not yet returned counts as well: only zero is certain.
            if unseen() == 0 {
                self.clean = now();
            }
        }
        due
    }

    /// The loss that no gap shows, as an event and its record; `None` if there is none.
    pub(super) fn loss(&self, unseen: u64) -> Option<(Vec<u8>, Event)> {
        if unseen == 0 {
            return None;
        }
        let header = Header { ts: now(), cpu: NO_CPU, kind: kind::LOST, ..Header::default() };
        let body = Body::Lost(Lost { cpu: NO_CPU, count: unseen, since: self.clean });
        let event = Event { header, body };
        Some((stream::encode(&event)?, event))
    }
}
