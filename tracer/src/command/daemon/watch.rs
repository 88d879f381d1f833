//! What the daemon remembers of what it sees, beside the tables.

use tracer::event::{Body, Event};

use super::{confine::Confined, memory::Shed};

/// Kinds of records that are counted: one more than the greatest number.
const KINDS: usize = 64;

/// What clients keep busy.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Load {
    /// Connections.
    pub(super) connections: usize,
    /// Questions that wait for an answer.
    pub(super) waiting: usize,
    /// Clients that listen to what happens.
    pub(super) listeners: usize,
    /// Bytes that wait for those.
    pub(super) unheard: usize,
}

/// What was seen so far.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// Events that were taken in.
    pub(super) events: u64,
    /// The time of the latest, ns since boot.
    pub(super) ts: u64,
    /// How many of each kind.
    kinds: [u64; KINDS],
    /// Sweeps that were completed.
    pub(super) sweeps: u64,
    /// Losses that were told, and the records that they lack.
    pub(super) gaps: u64,
    /// Why nothing is recorded any more, if that is so.
    pub(super) failed: Option<String>,
    /// Times that recording began again after a failure.
    pub(super) resumed: u64,
    /// What went for lack of memory.
    pub(super) shed: Shed,
    /// What clients keep busy.
    pub(super) load: Load,
    /// What holds us back, if anything does.
    pub(super) confined: Option<Confined>,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            events: 0,
            ts: 0,
            kinds: [0; KINDS],
            sweeps: 0,
            gaps: 0,
            failed: None,
            resumed: 0,
            shed: Shed::default(),
            load: Load::default(),
            confined: None,
        }
    }

    /// Takes note of an event.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        self.events += 1;
        self.ts = self.ts.max(event.header.ts);
        if let Some(count) = self.kinds.get_mut(usize::from(event.header.kind)) {
            *count += 1;
        }
        match &event.body {
            Body::SnapshotEnd(_) => self.sweeps += 1,
            Body::Lost(_) => self.gaps += 1,
            _ => {}
        }
    }

    /// The kinds of which there were some, and how many.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (u16, u64)> {
        (0..).zip(self.kinds).filter(|&(_, count)| count > 0)
    }
}
