//! The tables at one moment, and what is said of them: the same words whoever holds the tables.

use tracer::{
    coverage::Coverage,
    host::Host,
    model::{TaskId, World},
    view::{Json, Summary},
};

use super::{fault::Fault, select};
use crate::cli::Selection;

/// The tables at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    /// The tables.
    pub(super) world: &'a World,
    /// The time, ns since boot.
    pub(super) ts: u64,
    /// The host.
    pub(super) host: &'a Host,
    /// What is, or was, seen there.
    pub(super) coverage: &'a Coverage,
}

impl Moment<'_> {
    /// The tasks that a user asks for.
    pub(super) fn tasks(&self, selection: &Selection) -> Result<Vec<TaskId>, Fault> {
        let filter = select::filter(selection)?;
        select::check(self.world, &filter)?;
        Ok(self.world.tasks().filter(|&task| filter.admits_task(self.world, task)).collect())
    }

    /// An answer as JSON: a header, what `body` writes, a summary.
    pub(super) fn json(&self, body: impl FnOnce(&Json, &mut String)) -> String {
        let json = Json::new(self.host);
        let mut text = String::new();
        json.header(self.coverage, &mut text);
        body(&json, &mut text);
        json.summary(self.world, &Summary::default(), &mut text);
        text
    }
}
