//! `grow`: a recording of any length, from a storm that was recorded.
//!
//! What was recorded stays as it is. Behind it come the records of the storm's whole lives, again
//! and again, each time later. They go the way that live records go, into the tables and the
//! recorder, so keyframes stand where they would stand, and hold what they would.

mod lives;
mod shift;

use std::{
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, bail, ensure};
use tracer::{
    event::Body,
    model::{Change, Config, World},
    recording::{Block, Codec, Files, Header, Item, Reader, Recorder, Settings, Sync, config},
    stream,
};

use crate::{each, rates::open, records::Records, sample};
use lives::Lives;
use shift::Shift;

/// Makes the file.
pub(crate) fn run(file: &Path, out: &Path, events: u64) -> Result<()> {
    let mut reader = open(file)?;
    let mut parts = Parts::default();
    parts.read(&mut reader)?;
    let (repeatable, cookies) = parts.lives.repeatable();
    let mut storm = Records::default();
    // By the whole storm's length, as its last records may be nobody's life.
    let shift = Shift::of(&mut parts.storm);
    let kept = parts.storm.iter().zip(repeatable).filter(|(_, kept)| *kept);
    kept.for_each(|(record, _)| storm.push(record));
    shift::rename(&mut storm, &cookies);
    ensure!(storm.len() > 0, "no life begins and ends in {}", file.display());

    let mut grown = Grown::start(&reader, out, config(&reader))?;
    parts.front.iter().chain(parts.storm.iter()).for_each(|record| grown.take(record));
    let tasks = grown.world.counts().tasks;
    let mut copies = 0;
    while grown.recorder.events() < events {
        shift.apply(&mut storm);
        storm.iter().try_for_each(|record| grown.again(record))?;
        copies += 1;
        let now = grown.world.counts().tasks;
        ensure!(now == tasks, "{tasks} tasks before the storm, {now} behind it");
    }
    let events = grown.recorder.events();
    let (progress, failure) = grown.recorder.end(&grown.world);
    if let Some(failure) = failure {
        return Err(failure.error.into());
    }
    sample("events", each(events, 1));
    sample("bytes", each(progress.bytes, 1));
    sample("tasks", each(tasks as u64, 1));
    sample("storm", each(storm.len() as u64, 1));
    sample("copies", each(copies, 1));
    Ok(())
}

/// What a recording consists of.
#[derive(Default)]
struct Parts {
    /// Up to the end of the first sweep.
    front: Records,
    /// Behind it.
    storm: Records,
    lives: Lives,
    swept: bool,
}

impl Parts {
    fn read(&mut self, reader: &mut Reader<std::fs::File>) -> Result<()> {
        let mut block = Block::new();
        while let Some(item) = reader.next(&mut block)? {
            match item {
                Item::Records(_) => {
                    ensure!(reader.adapter().is_none(), "the recording is of another version");
                    block.records().try_for_each(|record| self.sort(record))?;
                }
                Item::Missing { .. } | Item::Damage(_) => {
                    bail!("the recording is damaged: {item:?}")
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn sort(&mut self, record: &[u8]) -> Result<()> {
        let event = stream::decode(record).map_err(|bad| anyhow::anyhow!("{bad}"))?;
        ensure!(!matches!(event.body, Body::Lost(_)), "records were lost: no life is sure");
        if self.swept {
            self.storm.push(record);
            self.lives.note(&event);
        } else {
            self.front.push(record);
            self.swept = matches!(event.body, Body::SnapshotEnd(_));
        }
        Ok(())
    }
}

/// The recording that is made.
struct Grown {
    world: World,
    change: Change,
    recorder: Recorder,
}

impl Grown {
    fn start(reader: &Reader<std::fs::File>, out: &Path, config: Config) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let header = Header { run: now.to_le_bytes(), ..reader.header().clone() };
        let codec = Codec::default();
        let settings = Settings { header, coverage: reader.coverage().clone(), codec };
        let files = Files::new(out.to_owned(), false, None, Sync::None);
        let recorder = Recorder::start(settings, files)?;
        Ok(Self { world: World::with(config), change: Change::default(), recorder })
    }

    /// Takes a record, as `tracer record` does.
    fn take(&mut self, record: &[u8]) {
        let event = stream::event(record);
        self.world.apply_to(&event, &mut self.change);
        self.recorder.push(record, &self.world);
        if matches!(event.body, Body::SnapshotEnd(_)) {
            self.recorder.keyframe(&self.world);
        } else {
            self.recorder.settle(&self.world);
        }
    }

    /// Takes a record of a life that happens again, which must be possible.
    fn again(&mut self, record: &[u8]) -> Result<()> {
        self.take(record);
        match &self.change.impossible {
            None => Ok(()),
            Some(why) => bail!("this cannot be: {why:?} by {:?}", stream::event(record)),
        }
    }
}
