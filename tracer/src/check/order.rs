//! Births, in order: rules 43 to 47, 63 and 64.

pub(super) mod birth_order;
pub(super) mod failed_fork;
pub(super) mod inheritance;
pub(super) mod limit_reason;
pub(super) mod newpid_flag;
pub(super) mod newtask_namespace;
pub(super) mod thread_flag;

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
