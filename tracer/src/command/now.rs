//! The tables as they are now: one sweep, for the verbs that ask once.

use std::process::ExitCode;

use tracer::{
    kernel::{Options, Session},
    model::{TaskId, World},
    view::{Json, Summary},
};

use super::{fault::Fault, out, select, settings};
use crate::cli::{Loading, Selection};

/// The tables as they are now.
pub(super) struct Now {
    /// Only its iterator is attached.
    pub(super) session: Session,
    /// The tables.
    pub(super) world: World,
    /// The time of the sweep's end, ns since boot.
    pub(super) ts: u64,
}

impl Now {
    /// Sweeps the host.
    pub(super) fn read(loading: &Loading) -> Result<Self, Fault> {
        Self::with(&settings::snapshot(loading))
    }

    /// Sweeps the host, ready to tell one task in detail.
    pub(super) fn read_for_detail(loading: &Loading) -> Result<Self, Fault> {
        Self::with(&settings::detail(loading))
    }

    fn with(options: &Options) -> Result<Self, Fault> {
        let mut session = Session::start(options)?;
        let mut world = settings::world(session.coverage());
        let mut ts = 0;
        session.sweep(&mut |_record, event| {
            ts = event.header.ts.max(ts);
            world.apply(event);
        })?;
        Ok(Self { session, world, ts })
    }

    /// The tasks that a user asks for.
    pub(super) fn tasks(&self, selection: &Selection) -> Result<Vec<TaskId>, Fault> {
        let filter = select::filter(selection)?;
        select::check(&self.world, &filter)?;
        Ok(self.world.tasks().filter(|&task| filter.admits_task(&self.world, task)).collect())
    }

    /// Prints JSON: a header, what `body` writes, a summary.
    pub(super) fn json(&self, body: impl FnOnce(&Json, &mut String)) -> Result<ExitCode, Fault> {
        let json = Json::new(self.session.host());
        let mut text = String::new();
        json.header(self.session.coverage(), &mut text);
        body(&json, &mut text);
        json.summary(&self.world, &Summary::default(), &mut text);
        out::print(text)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Prints text.
    pub(super) fn text(body: impl FnOnce(&mut String)) -> Result<ExitCode, Fault> {
        let mut text = String::new();
        body(&mut text);
        out::print(text)?;
        Ok(ExitCode::SUCCESS)
    }
}
