//! A thread that is no leader forks, and ends before its child: the creator is the thread, the
//! parent the process.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;

use super::Scenario;
use crate::task::{self, Gate};
use crate::truth;

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "fork_in_thread",
    about: "A thread that is no leader forks, and ends before its child: the creator is the \
            thread, the parent the process.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::fork(|| {
        let gate = Arc::new(Gate::new()?);
        let waits = Arc::clone(&gate);
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        task::thread(move || {
            let child = task::fork(|| waits.pass().map(|()| 4))?;
            *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
            Ok(())
        })?
        .join()?;
        let child = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        let child = child.context("the thread left no child")?;
        // The child goes from the dead thread to the leader: another task, the same process.
        truth::maybe(&json!({ "type": "reparent", "tid": child.pid, "why": "sibling" }))?;
        gate.open()?;
        child.exits(4)?;
        Ok(6)
    })?
    .exits(6)
}
