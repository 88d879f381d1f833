//! `rules`: what judging by all rules costs, beside replaying into the tables alone.

use std::{fs::File, ops::ControlFlow, path::Path};

use anyhow::{Result, ensure};
use tracer::{
    check::{Checker, Options, Verdict},
    event::Event,
    model::{Change, World},
    recording::{Reader, Replay, Visitor},
};

use crate::{
    cpu, each,
    rates::{Nobody, open},
    sample,
};

/// Judges every event.
struct Judge {
    checker: Checker,
    events: usize,
}

impl Judge {
    fn new(reader: &Reader<File>) -> Self {
        let (host, coverage) = (&reader.header().host, reader.coverage());
        Self { checker: Checker::new(host, coverage, &Options::default()), events: 0 }
    }
}

impl Visitor for Judge {
    fn before(&mut self, world: &World, event: &Event) -> ControlFlow<()> {
        self.checker.before(world, event);
        ControlFlow::Continue(())
    }

    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        self.events += 1;
        self.checker.after(world, event, change);
        ControlFlow::Continue(())
    }
}

/// Replays a recording in turns without and with the rules, in this thread. CPU time: the machine
/// may be shared.
pub(crate) fn run(file: &Path, rounds: u32) -> Result<()> {
    for _ in 0..rounds {
        let begun = cpu();
        let mut replay = Replay::new();
        let _ = replay.run(&mut open(file)?, &mut Nobody)?;
        let alone = cpu() - begun;

        let begun = cpu();
        let mut reader = open(file)?;
        let (mut judge, mut replay) = (Judge::new(&reader), Replay::new());
        let _ = replay.run(&mut reader, &mut judge)?;
        let report = judge.checker.finish(replay.world());
        let judged = cpu() - begun;

        ensure!(report.verdict(true) != Verdict::Violated, "violated: {:?}", report.violations);
        let tested = report.rows.iter().map(|row| row.tested).sum::<u64>();
        sample("alone", each(alone, judge.events));
        sample("rules", each(judged.saturating_sub(alone), judge.events));
        sample("checked", each(judge.events as u64 * 1000, 1) / each(judged, 1));
        sample("tests", each(tested, judge.events));
    }
    Ok(())
}
