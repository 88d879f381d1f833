//! The tables at a time: from the nearest keyframe before it.

use std::{
    io::{self, Read, Seek},
    ops::ControlFlow,
};

use super::{Damage, Reader, Replay, Visitor};
use crate::{
    event::Event,
    model::{Change, World},
};

/// Stops before the first event that is later than a time.
struct Until<'a> {
    ts: u64,
    damage: &'a mut Vec<Damage>,
}

impl Visitor for Until<'_> {
    fn before(&mut self, _world: &World, event: &Event) -> ControlFlow<()> {
        if event.header.ts > self.ts { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn event(&mut self, _world: &World, _event: &Event, _change: &Change) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.damage.push(damage.clone());
        ControlFlow::Continue(())
    }
}

/// The tables at a time (ns since boot): after every record that stands before the first later one.
/// What cannot be used on the way is added to `damage`.
pub fn at<R: Read + Seek>(
    reader: &mut Reader<R>,
    ts: u64,
    damage: &mut Vec<Damage>,
) -> io::Result<Replay> {
    let mut replay = nearest(reader, ts)?;
    let _ = replay.run(reader, &mut Until { ts, damage })?;
    Ok(replay)
}

/// Keyframes that are tried; of more that cannot be used, none is likely to be.
const TRIES: usize = 8;

/// The latest keyframe before a time that can be used, else the beginning.
fn nearest<R: Read + Seek>(reader: &mut Reader<R>, ts: u64) -> io::Result<Replay> {
    let entries = reader.keyframes()?;
    for entry in entries.iter().rev().filter(|entry| entry.ts <= ts).take(TRIES) {
        if let Some(keyframe) = reader.keyframe(entry)?
            && keyframe.ts <= ts
            && let Ok(world) = World::restore(&keyframe.state)
        {
            return Ok(Replay::from(world, reader, keyframe.ts));
        }
    }
    reader.rewind()?;
    Ok(Replay::new())
}
