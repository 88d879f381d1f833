//! PID namespaces and nsproxies: rules 33 to 38, 48 and 60 to 62.

pub(super) mod adding_flag;
pub(super) mod allocated_count;
pub(super) mod for_children;
pub(super) mod init_death;
pub(super) mod namespace_end;
pub(super) mod namespace_tree;
pub(super) mod no_fork_into_dead;
pub(super) mod nsproxy_lifetime;
pub(super) mod populated_has_init;
pub(super) mod setns_unshare;

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
