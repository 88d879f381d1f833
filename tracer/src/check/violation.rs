//! What violates a rule, and what shows it.

use super::{Rule, Sighting, Subject};

/// What a test found wrong.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) subject: Subject,
    pub(super) expected: String,
    pub(super) observed: String,
}

impl Finding {
    /// What should be, and what is.
    pub(super) fn new(
        subject: Subject,
        expected: impl Into<String>,
        observed: impl Into<String>,
    ) -> Self {
        Self { subject, expected: expected.into(), observed: observed.into() }
    }
}

/// A rule is violated.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which.
    pub rule: &'static Rule,
    /// By whom.
    pub subject: Subject,
    /// What the kernel promises.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// The records that show it, oldest first; the last one is where it was found.
    pub events: Vec<Sighting>,
    /// The latest time of the stream when it was found, ns since boot.
    pub ts: u64,
}
