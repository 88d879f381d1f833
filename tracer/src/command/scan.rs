//! Reading recordings from beginning to end, for the verbs that ask about all of it.

use std::{ops::ControlFlow, path::PathBuf, process::ExitCode};

use tracer::{
    coverage::Coverage,
    event::Event,
    model::{Change, World},
    recording::{Damage, Header, Visitor},
};

use super::{fault::Fault, file::Damages, replay, signals::Signals};

/// How many events pass between two looks at the signals.
const LOOK: u32 = 1 << 14;

/// What was read.
pub(super) struct Scan {
    /// The tables at the end.
    pub(super) world: World,
    /// The header of the first file.
    pub(super) header: Header,
    /// What was attached.
    pub(super) coverage: Coverage,
    /// The latest time.
    pub(super) end: u64,
    damages: Damages,
    /// The user did not wait for the end.
    ended: bool,
}

impl Scan {
    /// Reads files as one history. `begin` is told of the first file before anything is read.
    pub(super) fn read<T>(
        paths: &[PathBuf],
        begin: impl FnOnce(&Header, &Coverage) -> Result<T, Fault>,
        mut take: impl FnMut(&mut T, &World, &Event, &Change) -> Result<(), Fault>,
    ) -> Result<(Self, T), Fault> {
        let files = replay::open(paths)?;
        let Some((_, first)) = files.first() else {
            return Err(Fault::unable("nothing to read", "no file is named", ""));
        };
        let (header, coverage) = (first.header().clone(), first.coverage().clone());
        let mut state = begin(&header, &coverage)?;
        let mut each = Each {
            take: &mut |world, event, change| take(&mut state, world, event, change),
            damages: Damages::new(false),
            signals: Signals::catch()?,
            events: 0,
            fault: None,
        };
        let (replay, flow) =
            replay::replay(files, &mut each, |each, path| each.damages.file(path))?;
        let Each { damages, fault, .. } = each;
        if let Some(fault) = fault {
            return Err(fault);
        }
        let end = replay.ts();
        let world = replay.into_world();
        let ended = flow.is_break();
        Ok((Self { world, header, coverage, end, damages, ended }, state))
    }

    /// The exit code.
    pub(super) fn code(&self) -> Result<ExitCode, Fault> {
        if self.ended { Ok(ExitCode::from(130)) } else { self.damages.code() }
    }
}

type Take<'a> = dyn FnMut(&World, &Event, &Change) -> Result<(), Fault> + 'a;

struct Each<'a> {
    take: &'a mut Take<'a>,
    damages: Damages,
    signals: Signals,
    events: u32,
    fault: Option<Fault>,
}

impl Visitor for Each<'_> {
    fn event(&mut self, world: &World, event: &Event, change: &Change) -> ControlFlow<()> {
        if let Err(fault) = (self.take)(world, event, change) {
            self.fault = Some(fault);
            return ControlFlow::Break(());
        }
        self.events = self.events.wrapping_add(1);
        if self.events.is_multiple_of(LOOK) && self.signals.asked().is_some() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        self.damages.gap(missing)
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.damages.note(damage)
    }
}
