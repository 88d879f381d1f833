//! From exec to the end, in order: rules 41, 49 to 57 and 59.

pub(super) mod autoreap;
pub(super) mod delayed_leader;
pub(super) mod empty_zombie;
pub(super) mod exec;
pub(super) mod exit_release_free;
pub(super) mod once_each;
pub(super) mod reuse_after_free;
pub(super) mod silent_after_exit;
pub(super) mod silent_after_release;
pub(super) mod tid_change;
pub(super) mod who_reaps;

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
