//! Tasks, threads and parents: rules 5, 18 to 27, 39, 40 and 42.

pub(super) mod cached_numbers;
pub(super) mod idle_unlisted;
pub(super) mod kernel_threads;
pub(super) mod leader_outlives_threads;
pub(super) mod leader_shape;
pub(super) mod levels_of_parents;
pub(super) mod one_pid_one_task;
pub(super) mod orphan_rule;
pub(super) mod parent_alive;
pub(super) mod rooted;
pub(super) mod tgid_of_leader;
pub(super) mod threads_together;
pub(super) mod tracer_is_parent;
pub(super) mod user_workers;

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
