//! Every `struct pid` and its numbers: rules 1 to 4 and 6 to 17.

pub(super) mod cyclic_order;
pub(super) mod first_number;
pub(super) mod immutable_numbers;
pub(super) mod init_number;
pub(super) mod ino_order;
pub(super) mod last_pid;
pub(super) mod level_bound;
pub(super) mod number_range;
pub(super) mod parent_chain;
pub(super) mod publish_once;
pub(super) mod reserved_numbers;
pub(super) mod set_tid;
pub(super) mod unique_number;
pub(super) mod unused_at_free;
pub(super) mod upid_level;
pub(super) mod visibility;

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
