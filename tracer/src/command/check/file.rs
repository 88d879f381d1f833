//! Checking recordings.

use std::{ops::ControlFlow, path::PathBuf, process::ExitCode};

use tracer::{
    check::{Checker, Report},
    coverage::Coverage,
    event::Event,
    model::{Change, World},
    past::{self, Blame},
    recording::{Damage, Flaw, Header, Note, Reader, Visitor},
    view::{
        Command,
        check::{Blamed, Findings},
    },
};

use super::{
    limits, options, policy,
    report::{self, Output},
    shrink,
};
use crate::{
    cli,
    command::{
        fault::Fault,
        file::{Damages, Source},
        replay,
        signals::Signals,
    },
};

/// How many events pass between two looks at the signals.
const LOOK: u64 = 1 << 14;

/// What came of reading recordings.
pub(super) struct Checked {
    pub(super) header: Header,
    pub(super) coverage: Coverage,
    pub(super) report: Report,
    blame: past::Findings,
    damages: usize,
    command: Option<Command>,
}

/// Judges recordings.
pub(super) fn run(args: &cli::Check) -> Result<ExitCode, Fault> {
    shrink::check(args)?;
    let output = Output::open(args, &args.files)?;
    let Some(checked) = read(args)? else { return Ok(ExitCode::from(130)) };
    let Checked { header, coverage, report, blame, damages, command } = &checked;
    let blame = Blamed::new(blame.clone(), limits(args));
    let found = Findings {
        report,
        policy: &policy(args),
        host: &header.host,
        coverage,
        start: header.start,
        damages: *damages,
        blame: Some(&blame),
        command: *command,
    };
    output.write(args, &found)?;
    shrink::run(args, &args.files, &checked.report)?;
    Ok(report::code(args, &found))
}

/// Replays the files through the rules; `None` if the user did not wait for the end.
fn read(args: &cli::Check) -> Result<Option<Checked>, Fault> {
    let files = replay::open(&args.files)?;
    one_run(&files)?;
    let Some((_, first)) = files.first() else {
        return Err(Fault::unable("nothing to read", "no file is named", ""));
    };
    let (header, coverage) = (first.header().clone(), first.coverage().clone());
    let mut judge = Judge {
        checker: Checker::new(&header.host, &coverage, &options(args)),
        blame: Blame::new(&coverage),
        damages: Damages::new(false),
        signals: Signals::catch()?,
        events: 0,
        command: None,
    };
    let (replay, flow) = replay::replay(files, &mut judge, |judge, path| judge.damages.file(path))?;
    if flow.is_break() {
        return Ok(None);
    }
    let Judge { checker, blame, damages, command, .. } = judge;
    let blame = blame.finish(replay.world(), replay.ts());
    let report = checker.finish(replay.world());
    Ok(Some(Checked { header, coverage, report, blame, damages: damages.count(), command }))
}

/// Keys mean something in one run only: what is known of one says nothing about another.
fn one_run(files: &[(PathBuf, Reader<Source>)]) -> Result<(), Fault> {
    let run = |file: &(PathBuf, Reader<Source>)| file.1.header().run;
    let other = files.windows(2).find_map(|pair| match pair {
        [left, right] if run(left) != run(right) => Some((&left.0, &right.0)),
        _ => None,
    });
    let Some((left, right)) = other else { return Ok(()) };
    Err(Fault::unable(
        format!("cannot check {} and {} together", left.display(), right.display()),
        "they are recordings of two runs, and nobody saw what happened in between",
        "check them one by one",
    ))
}

/// Judges what a replay finds.
struct Judge {
    checker: Checker,
    blame: Blame,
    damages: Damages,
    signals: Signals,
    events: u64,
    command: Option<Command>,
}

impl Visitor for Judge {
    fn before(&mut self, world: &World, event: &Event) -> ControlFlow<()> {
        self.checker.before(world, event);
        ControlFlow::Continue(())
    }

    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        self.checker.after(world, event, change);
        self.blame.add(world, event, change);
        self.events += 1;
        if self.events.is_multiple_of(LOOK) && self.signals.asked().is_some() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn note(&mut self, _world: &World, note: &Note) {
        if let Note::Ended { status } = note {
            self.command = Some(Command { status: *status });
        }
    }

    fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        self.damages.gap(missing)
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        if damage.flaw == Flaw::NoEnd {
            self.checker.broke_off();
        }
        self.damages.note(damage)
    }
}
