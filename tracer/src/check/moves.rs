//! Changes that have been told and may not have been made yet.
//!
//! A hook writes its record before the kernel makes the change. Who makes it may be interrupted in
//! between, but has made it when it writes its next record.

use super::settle::WINDOW;
use crate::event::{Body, Event, Header};

/// Changes that are remembered: hardly more tasks are interrupted just there at a time.
const MOST: usize = 32;

/// Such changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    open: Vec<Move>,
    /// When one was pushed out last; 0 if none was.
    spilled: u64,
    now: u64,
}

#[derive(Clone, Copy, Debug)]
struct Move {
    /// The key of the object that changes.
    object: u64,
    /// The key of who changes it.
    actor: u64,
    ts: u64,
}

impl Moves {
    /// A record comes.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        let header = &event.header;
        self.acts(header);
        let (one, other) = match &event.body {
            Body::Rename(facts) => (facts.task, 0),
            Body::ChangePid(facts) => (facts.task, 0),
            Body::ExchangeTids(facts) => (facts.left, facts.right),
            Body::NsSet(facts) => (facts.task, 0),
            Body::Cred(facts) => (facts.task, 0),
            Body::Ptrace(facts) => (facts.task, 0),
            Body::Snapshot { .. } => {
                self.now = self.now.max(header.ts);
                return;
            }
            _ => return,
        };
        self.push(one, header);
        self.push(other, header);
    }

    /// Who acts has made its changes.
    #[inline]
    pub(super) fn acts(&mut self, header: &Header) {
        if !self.open.is_empty() && header.actor != 0 {
            self.open.retain(|open| open.actor != header.actor);
        }
    }

    /// An object is about to change, by who acts.
    pub(super) fn push(&mut self, object: u64, header: &Header) {
        self.now = self.now.max(header.ts);
        if header.actor == 0 || object == 0 {
            return;
        }
        if self.open.len() >= MOST {
            self.spilled = self.open.remove(0).ts;
        }
        self.open.push(Move { object, actor: header.actor, ts: header.ts });
    }

    /// Whether an object may be about to change.
    pub(super) fn has(&self, object: u64) -> bool {
        let fresh = |ts: u64| ts.saturating_add(WINDOW) > self.now;
        self.spilled != 0 && fresh(self.spilled)
            || self.open.iter().any(|open| open.object == object && fresh(open.ts))
    }

    /// Records are missing.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
