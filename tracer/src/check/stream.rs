//! The stream of records itself: rules 65, 66 and 68.

mod actor;
pub(super) mod stream_clock;
pub(super) mod stream_sequence;
pub(super) mod sweep_form;

mod held_pids;
mod second_pass;

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
    form: sweep_form::State,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(_host: &Host, coverage: &Coverage) -> Self {
        Self { form: sweep_form::State::new(coverage), ..Self::default() }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        self.form.note(cx);
        let header = &cx.event.header;
        match &cx.event.body {
            Body::Lost(lost) if lost.cpu == NO_CPU => {
                self.sequence.torn();
                self.clock.torn();
            }
            Body::Lost(lost) => self.sequence.told(header, lost),
            // user space gives them the header of the sweep's end mark, or of no CPU
            body if !cx.plain && body.is_added() => {}
            _ if header.kind == kind::LOST => {} // a record that cannot be read
            body => {
                if let Body::SnapshotBegin(mark) = body {
                    self.sequence.sweep(mark.generation);
                }
                actor::note(cx);
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
        self.form.finish(cx);
    }
}
