//! The tables, now or then: one sweep of the running kernel, or a recording at a time.

use std::{path::Path, process::ExitCode};

use tracer::{
    coverage::Coverage,
    host::Host,
    model::World,
    recording,
    view::{Style, TimeSpec},
};
#[cfg(feature = "kernel")]
use tracer::{
    event::Detail,
    kernel::{Options, Session},
};

use super::{
    ask,
    fault::Fault,
    file::{self, Damages},
    moment, out, settings,
};
use crate::cli::{Loading, Moment, Output};

/// The tables at a time.
pub(super) struct Tables {
    /// The tables.
    pub(super) world: World,
    /// The time, ns since boot.
    pub(super) ts: u64,
    host: Host,
    coverage: Coverage,
    damages: Damages,
    /// What can be asked for more, of the running kernel.
    #[cfg(feature = "kernel")]
    session: Option<Session>,
}

/// Prints what is said of the tables: by a daemon where one runs, else of a recording or the running
/// kernel.
pub(super) fn answer(
    moment: &Moment,
    loading: &Loading,
    output: Output,
    say: impl FnOnce(&moment::Moment<'_>, Style) -> Result<String, Fault>,
) -> Result<ExitCode, Fault> {
    if let Some(code) = ask::print(moment, output)? {
        return Ok(code);
    }
    let now = Tables::read(moment, loading)?;
    now.print(&say(&now.moment(), settings::style(output))?)
}

impl Tables {
    /// Those of the recording that is named, else of the running kernel.
    pub(super) fn read(moment: &Moment, loading: &Loading) -> Result<Self, Fault> {
        match &moment.file {
            Some(path) => Self::then(path, moment.at),
            None => Self::now(moment, loading, false),
        }
    }

    /// Likewise, ready to tell one task in detail where that is possible.
    pub(super) fn read_for_detail(moment: &Moment, loading: &Loading) -> Result<Self, Fault> {
        match &moment.file {
            Some(path) => Self::then(path, moment.at),
            None => Self::now(moment, loading, true),
        }
    }

    /// Those of a recording at a time, by default at its end.
    pub(super) fn then(path: &Path, at: Option<TimeSpec>) -> Result<Self, Fault> {
        let mut reader = file::seekable(path)?;
        let header = reader.header().clone();
        let failed = |error| file::cannot_read(path, &error);
        let until = match at {
            None => u64::MAX,
            Some(at) => {
                let end = reader.last_ts().map_err(failed)?;
                at.resolve(&header.host, header.start, end).min(end)
            }
        };
        let mut found = Vec::new();
        let replay = recording::at(&mut reader, until, &mut found).map_err(failed)?;
        let ts = if at.is_some() { until } else { replay.ts() };
        Self::exist(replay.world(), path)?;
        Ok(Self {
            world: replay.into_world(),
            ts,
            host: header.host,
            coverage: reader.coverage().clone(),
            damages: Damages::of(path, &found),
            #[cfg(feature = "kernel")]
            session: None,
        })
    }

    /// Whether a recording tells of any task at a time.
    pub(super) fn exist(world: &World, path: &Path) -> Result<(), Fault> {
        if world.tasks().next().is_some() {
            return Ok(());
        }
        Err(Fault::Absent {
            what: format!("{} tells of no task at this time", path.display()),
            help:
                "it is before the recording's first sweep: `tracer stats FILE` tells from when to \
                   when it goes"
                    .into(),
        })
    }

    #[cfg(feature = "kernel")]
    fn now(moment: &Moment, loading: &Loading, detail: bool) -> Result<Self, Fault> {
        if moment.at.is_some() {
            return Err(Fault::unable(
                "--at",
                "the running kernel knows only the present",
                "name a recording: `tracer record` makes them",
            ));
        }
        let options: Options =
            if detail { settings::detail(loading) } else { settings::snapshot(loading) };
        let mut session = Session::start(&options)?;
        let mut world = settings::world(session.coverage());
        let mut ts = 0;
        session.sweep(&mut |_record, event| {
            ts = event.header.ts.max(ts);
            world.apply(event);
        })?;
        Ok(Self {
            world,
            ts,
            host: session.host().clone(),
            coverage: session.coverage().clone(),
            damages: Damages::new(false),
            session: Some(session),
        })
    }

    #[cfg(not(feature = "kernel"))]
    fn now(_moment: &Moment, _loading: &Loading, _detail: bool) -> Result<Self, Fault> {
        Err(super::without_kernel())
    }

    /// One task in detail, by its level-0 number, where the running kernel can be asked.
    #[cfg(feature = "kernel")]
    pub(super) fn detail(&mut self, nr: i32) -> Result<Option<Detail>, Fault> {
        let Some(session) = &mut self.session else { return Ok(None) };
        let world = &mut self.world;
        Ok(session.detail(nr, &mut |_record, event| {
            world.apply(event);
        })?)
    }

    /// The moment that they are of.
    pub(super) fn moment(&self) -> moment::Moment<'_> {
        let Self { world, ts, host, coverage, .. } = self;
        moment::Moment { world, ts: *ts, host, coverage }
    }

    /// Prints what is said of them.
    pub(super) fn print(&self, said: &str) -> Result<ExitCode, Fault> {
        out::print(said)?;
        self.damages.code()
    }
}
