//! What a user may choose about tracing.

use std::path::PathBuf;

use crate::{coverage::Plan, stream::Lie};

/// Which plan to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanChoice {
    /// The best that the kernel grants, for each fact.
    #[default]
    Auto,
    /// Nothing better than this plan.
    Only(Plan),
}

/// How to trace.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which plan.
    pub plan: PlanChoice,
    /// Bytes of the ring buffer; rounded up to a power of two of pages.
    pub ring: u32,
    /// Read file names and arguments at exec.
    pub args: bool,
    /// Level of the programs' own diagnostics: 0 off, 1 error … 5 trace.
    pub log: u8,
    /// Where to write the verifier's whole log when a program is refused.
    pub verifier_log: Option<PathBuf>,
    /// Load the iterator and nothing else: for commands that ask once.
    pub snapshot_only: bool,
    /// Load the iterator that shows one task in detail too.
    pub detail: bool,
    /// Find out about every plan, also those that are not needed: for `doctor`.
    pub try_plans: bool,
    /// Files will be made, as a recording's: as root also in the directories of others.
    pub files: bool,
    /// Keep all privileges: the caller has work for them, and drops them then.
    pub privileged: bool,
    /// Corrupt what the ring delivers: a test of the checks.
    pub lie: Option<Lie>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plan: PlanChoice::Auto,
            ring: 16 << 20,
            args: true,
            log: 0,
            verifier_log: None,
            snapshot_only: false,
            detail: false,
            try_plans: false,
            files: false,
            privileged: false,
            lie: None,
        }
    }
}
