//! The stream of records itself: rules 65 and 66.

pub(super) mod stream_clock;
pub(super) mod stream_sequence;

use tracer_ebpf::wire::kind;

use super::cx::Cx;
use crate::{
    coverage::Coverage,
    event::{Body, NO_CPU},
    host::Host,
};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    sequence: stream_sequence::State,
    clock: stream_clock::State,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(_host: &Host, _coverage: &Coverage) -> Self {
        Self::default()
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        let header = &cx.event.header;
        match &cx.event.body {
            Body::Lost(lost) if lost.cpu == NO_CPU => {
                self.sequence.torn();
                self.clock.torn();
            }
            Body::Lost(lost) => self.sequence.told(header, lost),
            // user space gives it the header of the sweep's end mark
            Body::Snapshot { from_proc: true, .. } => {}
            _ if header.kind == kind::LOST => {} // a record that cannot be read
            body => {
                if let Body::SnapshotBegin(mark) = body {
                    self.sequence.sweep(mark.generation);
                }
                self.sequence.note(cx);
                self.clock.note(cx);
            }
        }
    }

    /// The stream broke off: what was on its way is not known.
    pub(super) fn broke_off(&mut self) {
        self.sequence.torn();
    }

    /// Judges what never came.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.sequence.finish(cx);
    }
}
