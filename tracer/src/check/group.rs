//! Process groups and sessions: rules 28 to 32 and 58.

pub(super) mod group_namespace;
pub(super) mod group_pid_alive;
pub(super) mod session_leader;
pub(super) mod session_namespace;
pub(super) mod session_of_group;
pub(super) mod setsid_setpgid;

use super::cx::Cx;
use crate::{coverage::Coverage, host::Host, model::Change};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(_host: &Host, _coverage: &Coverage) -> Self {
        Self::default()
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, _cx: &mut Cx<'_>) {}

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, _cx: &mut Cx<'_>, _change: &Change) {}

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, _cx: &mut Cx<'_>) {}
}
