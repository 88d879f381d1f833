//! `content`, `rates`, `ahead` and `peak`: what a recording holds, and what it costs to pack, to
//! unpack and to replay it.
//!
//! Rates are of CPU time where one thread does all: the machine may be shared. Two threads are
//! timed by the clock, as what is asked there is how much sooner it is done.

use std::{
    fs::{self, File},
    hint::black_box,
    io,
    ops::ControlFlow,
    path::Path,
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};
use tracer::{
    event::{Event, Header},
    model::{Change, World},
    recording::{Ahead, Block, Codec, Encoder, Item, Keyframe, Reader, Replay, Visitor, Writer},
};
use tracer_ebpf::wire::{Wire, kind};

use crate::{cpu, each, records::Records, sample};

/// Records in a frame, as the recorder has it.
const BLOCK: usize = 4096;

/// Records that are packed: they have to fit into memory.
const PACKED: usize = 1 << 20;

/// Wants nothing.
pub(crate) struct Nobody;

impl Visitor for Nobody {
    fn event(&mut self, _world: &World, _event: &Event, _change: &Change) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

pub(crate) fn open(file: &Path) -> Result<Reader<File>> {
    let file = File::open(file).with_context(|| file.display().to_string())?;
    Ok(Reader::open(file)?)
}

/// What comes next, which must be whole.
fn whole(reader: &mut Reader<File>, block: &mut Block) -> Result<Option<Item>> {
    match reader.next(block)? {
        Some(Item::Missing { count, .. }) => bail!("{count} records are missing"),
        Some(Item::Damage(damage)) => bail!("{damage:?}"),
        item => Ok(item),
    }
}

/// How many records, execs, losses, keyframes and bytes.
pub(crate) fn content(file: &Path) -> Result<()> {
    let mut reader = open(file)?;
    let mut block = Block::new();
    let (mut events, mut execs, mut lost, mut keyframes) = (0, 0, 0, 0);
    while let Some(item) = whole(&mut reader, &mut block)? {
        match item {
            Item::Records(_) => {
                events += block.len();
                let kinds = block.records().filter_map(Header::read).map(|header| header.kind);
                execs += kinds.filter(|&kind| kind == kind::EXEC).count();
            }
            Item::Keyframe(_) => keyframes += 1,
            Item::End(end) => lost = end.lost,
            _ => {}
        }
    }
    let first = reader.header().start;
    let seconds = each(reader.last_ts()?.saturating_sub(first), 1) / 1e9;
    sample("events", each(events as u64, 1));
    sample("execs", each(execs as u64, 1));
    sample("lost", each(lost, 1));
    sample("keyframes", each(keyframes, 1));
    sample("seconds", seconds);
    sample("bytes", each(fs::metadata(file)?.len(), 1));
    Ok(())
}

/// Packs, unpacks and replays a recording, each in this thread; millions of events a second.
pub(crate) fn run(file: &Path, rounds: u32) -> Result<()> {
    let load = Load::read(file)?;
    let mut scratch = Scratch::default();
    for _ in 0..rounds {
        let begun = cpu();
        let bytes = load.write(&mut scratch)?;
        sample("write", millions(load.records.len(), cpu() - begun));
        black_box(bytes);

        let begun = cpu();
        let events = decode(file)?;
        sample("decode", millions(events, cpu() - begun));

        let begun = cpu();
        let mut replay = Replay::new();
        let _ = replay.run(&mut open(file)?, &mut Nobody)?;
        sample("tables", millions(events, cpu() - begun));
        ensure!(replay.world().tasks().next().is_some(), "the tables are empty");
    }
    Ok(())
}

/// Millions a second.
fn millions(events: usize, ns: u64) -> f64 {
    each(events as u64 * 1000, 1) / each(ns, 1)
}

/// Reads every frame; how many records.
fn decode(file: &Path) -> Result<usize> {
    let mut reader = open(file)?;
    let mut block = Block::new();
    let mut events = 0;
    while let Some(item) = whole(&mut reader, &mut block)? {
        if matches!(item, Item::Records(_)) {
            events += black_box(&block).len();
        }
    }
    Ok(events)
}

/// Replays while a second thread unpacks; millions of events a second, by the clock.
pub(crate) fn ahead(file: &Path, rounds: u32) -> Result<()> {
    let events = decode(file)?;
    for _ in 0..rounds {
        let begun = Instant::now();
        let mut replay = Replay::new();
        let _ = replay.run(&mut Ahead::start(open(file)?)?, &mut Nobody)?;
        sample("ahead", millions(events, begun.elapsed().as_nanos() as u64));
        ensure!(replay.world().tasks().next().is_some(), "the tables are empty");
    }
    Ok(())
}

/// Replays once, in this thread; the most memory that this process ever had, and the live tasks.
pub(crate) fn peak(file: &Path) -> Result<()> {
    let mut replay = Replay::new();
    let _ = replay.run(&mut open(file)?, &mut Nobody)?;
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    sample("peak", kib.parse::<f64>()? * 1024.0);
    sample("live", each(replay.world().counts().tasks as u64, 1));
    Ok(())
}

/// What is to be packed.
struct Load {
    header: tracer::recording::Header,
    coverage: tracer::coverage::Coverage,
    records: Records,
    /// Each behind so many records.
    keyframes: Vec<(usize, Keyframe)>,
}

/// Memory that a writer has anyhow.
struct Scratch(Encoder);

impl Default for Scratch {
    fn default() -> Self {
        Self(Encoder::new(Codec::default()))
    }
}

impl Load {
    /// The first records of a file.
    fn read(file: &Path) -> Result<Self> {
        let mut reader = open(file)?;
        let mut load = Self {
            header: reader.header().clone(),
            coverage: reader.coverage().clone(),
            records: Records::default(),
            keyframes: Vec::new(),
        };
        let mut block = Block::new();
        while load.records.len() < PACKED
            && let Some(item) = whole(&mut reader, &mut block)?
        {
            match item {
                Item::Records(_) => block.records().for_each(|record| load.records.push(record)),
                Item::Keyframe(keyframe) => load.keyframes.push((load.records.len(), keyframe)),
                _ => {}
            }
        }
        Ok(load)
    }

    /// Writes them to nowhere; how many bytes.
    fn write(&self, scratch: &mut Scratch) -> Result<u64> {
        let encoder = &mut scratch.0;
        let mut writer = Writer::create(io::sink(), &self.header, &self.coverage)?;
        let mut keyframes = self.keyframes.iter().peekable();
        for (index, record) in self.records.iter().enumerate() {
            while let Some((_, keyframe)) = keyframes.next_if(|(at, _)| *at == index) {
                writer.block(encoder, 0, 0)?;
                writer.keyframe(&keyframe.state, keyframe.digest)?;
            }
            if encoder.len() >= BLOCK {
                writer.block(encoder, 0, 0)?;
            }
            if encoder.push(record).is_err() {
                writer.block(encoder, 0, 0)?;
                ensure!(encoder.push(record).is_ok(), "a record that fits no block");
            }
        }
        writer.block(encoder, 0, 0)?;
        Ok(writer.offset())
    }
}
