//! Changes that have been told and may not have been made yet.
//!
//! A hook writes its record before the kernel makes the change. Who makes it may be interrupted in
//! between, but has made it when it writes its next record.

use super::settle::WINDOW;
use crate::{
    event::{Body, Event, Header},
    model::World,
};

/// Changes that are remembered: hardly more tasks are interrupted just there at a time.
const MOST: usize = 32;

/// Whether a name was read while it was changed from one to another: each of its two words is one of
/// theirs (`strscpy_pad`, lib/string.c).
pub(super) fn is_between(name: &[u8; 16], was: &[u8; 16], now: &[u8; 16]) -> bool {
    let words = |name: &[u8; 16]| {
        let whole = u128::from_le_bytes(*name);
        [whole as u64, (whole >> 64) as u64]
    };
    let ends = words(was).into_iter().zip(words(now));
    words(name).into_iter().zip(ends).all(|(word, (was, now))| word == was || word == now)
}

/// Such changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    open: Vec<Move>,
    /// Names that are about to change, before that.
    names: Vec<Name>,
    /// When one was pushed out last; 0 if none was.
    spilled: u64,
    now: u64,
}

/// A task that is renamed.
#[derive(Clone, Copy, Debug)]
struct Name {
    task: u64,
    actor: u64,
    ts: u64,
    /// What it was called before.
    was: [u8; 16],
}

#[derive(Clone, Copy, Debug)]
struct Move {
    /// The key of the object that changes.
    object: u64,
    /// The key of who changes it.
    actor: u64,
    ts: u64,
    /// The kind of the record that tells so.
    kind: u16,
}

impl Moves {
    /// A record comes.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        self.acts(&event.header);
        let tells = matches!(
            event.body,
            Body::ChangePid(_)
                | Body::ExchangeTids(_)
                | Body::NsSet(_)
                | Body::Cred(_)
                | Body::Ptrace(_)
                | Body::Snapshot { .. }
        );
        if tells {
            self.tells(event);
        }
    }

    #[cold]
    fn tells(&mut self, event: &Event) {
        let header = &event.header;
        let (one, other) = match &event.body {
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

    /// A task is renamed: `world` has its name before that.
    pub(super) fn rename(&mut self, world: &World, task: u64, header: &Header) {
        self.now = self.now.max(header.ts);
        let Some(id) = world.at_key(task).filter(|_| header.actor != 0) else { return };
        if self.names.len() >= MOST {
            self.spilled = self.names.remove(0).ts;
        }
        let (actor, ts, was) = (header.actor, header.ts, world.comm_of(id));
        self.names.push(Name { task, actor, ts, was });
    }

    /// Whether a task that was last renamed to `now` may still be called `comm`.
    pub(super) fn may_be_called(&self, task: u64, comm: &[u8; 16], now: &[u8; 16]) -> bool {
        let fresh = |ts: u64| ts.saturating_add(WINDOW) > self.now;
        let had = |name: &Name| {
            name.task == task && (is_between(comm, &name.was, now) || name.was == [0; 16])
        };
        self.spilled != 0 && fresh(self.spilled)
            || self.names.iter().any(|name| had(name) && fresh(name.ts))
    }

    /// Who acts has made its changes.
    #[inline]
    pub(super) fn acts(&mut self, header: &Header) {
        if !self.names.is_empty() && header.actor != 0 {
            self.names.retain(|name| name.actor != header.actor);
        }
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
        let (actor, ts, kind) = (header.actor, header.ts, header.kind);
        self.open.push(Move { object, actor, ts, kind });
    }

    /// Whether an object may be about to change, as a record of this kind tells.
    pub(super) fn has_of(&self, object: u64, kind: u16) -> bool {
        let fresh = |ts: u64| ts.saturating_add(WINDOW) > self.now;
        let fits = |open: &Move| open.object == object && open.kind == kind && fresh(open.ts);
        self.spilled != 0 && fresh(self.spilled) || self.open.iter().any(fits)
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
