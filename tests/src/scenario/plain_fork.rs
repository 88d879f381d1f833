//! A child is forked, exits with 7, and is reaped at once.

use anyhow::Result;

use super::Scenario;
use crate::task;

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "plain_fork",
    about: "A child is forked, exits with 7, and is reaped at once.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::fork(|| Ok(7))?.exits(7)
}
