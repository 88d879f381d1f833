//! The latest events, and the tables as they were before them.
//!
//! A filter asks the tables as they were at the event, so a client that comes back is told by the
//! same filter from the same tables: nothing is left out and nothing is told twice.

use std::collections::VecDeque;

use tracer::{
    event::{Body, Event},
    model::{Change, World},
    view::{self, Report},
};

/// The latest events.
pub(super) struct Backlog {
    /// The tables as they were before the first one.
    world: World,
    /// The number of the event before the first one.
    before: u64,
    events: VecDeque<Event>,
    bytes: usize,
    most: usize,
    /// The latest change: kept for its memory.
    change: Change,
}

impl Backlog {
    /// None yet, behind the event `before`.
    pub(super) fn new(world: &World, before: u64, most: usize) -> Self {
        let (events, change) = (VecDeque::new(), Change::default());
        Self { world: world.clone(), before, events, bytes: 0, most, change }
    }

    /// The number of the event before the first one that is kept.
    pub(super) fn before(&self) -> u64 {
        self.before
    }

    /// How many events are kept.
    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    /// Keeps an event; the oldest ones go.
    pub(super) fn push(&mut self, event: &Event) {
        self.bytes += size(event);
        self.events.push_back(event.clone());
        while self.bytes > self.most
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= size(&oldest);
            self.before += 1;
            self.world.apply_to(&oldest, &mut self.change);
        }
    }

    /// Tells of every event again: its number, what it means, and the tables behind it.
    pub(super) fn replay(&self, mut tell: impl FnMut(&World, u64, &[Report])) {
        let (mut world, mut change) = (self.world.clone(), Change::default());
        let mut reports = Vec::new();
        for (event, seq) in self.events.iter().zip(self.before + 1..) {
            world.apply_to(event, &mut change);
            reports.clear();
            view::reports(&world, event, &change, &mut reports);
            tell(&world, seq, &reports);
        }
    }
}

/// Bytes that an event takes.
fn size(event: &Event) -> usize {
    let more = match &event.body {
        Body::Exec(exec) => exec.filename.len() + exec.args.len(),
        Body::CgroupMake(cgroup) | Body::CgroupFound(cgroup) | Body::CgroupEnd(cgroup) => {
            cgroup.path.len()
        }
        _ => 0,
    };
    size_of::<Event>() + more
}
