//! The stream of records itself: rules 65 and 66.

pub(super) mod stream_clock;
pub(super) mod stream_sequence;

use super::cx::Cx;
use crate::{coverage::Coverage, host::Host};

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
}
