//! What a trace that goes on for long can be told and asked beside.

use std::time::Duration;

use tracer::kernel::Run;

use super::{Resyncs, Trace, audit::Audit};
use crate::{cli::Rotate, command::fault::Fault};

impl Trace {
    /// Tells of losses at once, also where that takes an event of our own.
    pub(in crate::command) fn be_prompt(&mut self) {
        self.prompt = true;
    }

    /// How often the tables were compared since the first time.
    pub(in crate::command) fn resyncs(&self) -> Resyncs {
        self.resyncs
    }

    /// Sweeps every so often from now on, if it judges.
    pub(in crate::command) fn audit_every(&mut self, every: Duration) {
        if let Some(audit) = &mut self.audit {
            *audit = Audit::new(every);
        }
    }

    /// Begins a new file so often from now on, if it records.
    pub(in crate::command) fn rotate_every(&mut self, rotate: Rotate) {
        if let Some(keep) = &mut self.tables.keep {
            keep.rotate_every(rotate);
        }
    }

    /// Remembers so many ended tasks, numbers and namespaces each from now on; how many are forgotten
    /// at once.
    pub(in crate::command) fn remember(&mut self, most: usize) -> usize {
        self.tables.world.set_history(most)
    }

    /// Has the kernel measure how often and how long each program runs.
    pub(in crate::command) fn measure(&mut self) -> Result<(), Fault> {
        Ok(self.session.measure()?)
    }

    /// How often each program ran, and how long, if that is measured.
    pub(in crate::command) fn runs(&self) -> Vec<Run> {
        self.session.runs()
    }

    /// Bytes of the ring, and the most that were read of it at once since this was asked last.
    pub(in crate::command) fn ring(&mut self) -> (u64, u64) {
        self.session.ring()
    }
}
