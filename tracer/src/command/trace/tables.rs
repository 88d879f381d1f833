//! What every event goes through: the rules, the tables, the recording.

use tracer::{
    check::Checker,
    event::Event,
    model::{Change, World},
};

use super::{Keep, Sink};

/// The tables, what judges their changes, and what keeps the records in a file.
pub(super) struct Tables {
    pub(super) world: World,
    pub(super) keep: Option<Keep>,
    pub(super) judge: Option<Checker>,
    /// The latest change: kept for its memory.
    change: Change,
}

impl Tables {
    /// Neither judged nor recorded.
    pub(super) fn new(world: World) -> Self {
        Self { world, keep: None, judge: None, change: Change::default() }
    }

    /// Takes an event in, keeps its record, and hands it on.
    pub(super) fn take(&mut self, record: &[u8], event: &Event, sink: &mut Sink<'_>) {
        let Self { world, keep, judge, change } = self;
        if let Some(judge) = judge {
            judge.before(world, event);
        }
        world.apply_to(event, change);
        if let Some(judge) = judge {
            judge.after(world, event, change);
        }
        if let Some(keep) = keep {
            keep.take(record, event, world);
        }
        sink(world, event, change);
    }
}
