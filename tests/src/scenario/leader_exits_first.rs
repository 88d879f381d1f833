//! The leader exits before its thread: a zombie that nobody can reap until the thread has ended.

use std::sync::Arc;

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "leader_exits_first",
    about: "The leader exits before its thread: a zombie that nobody can reap until the thread \
            has ended.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (go, settled) = (Arc::new(Gate::new()?), Gate::new()?);
    let wait = Arc::clone(&go);
    let child = task::fork(|| {
        let thread = task::thread(move || wait.pass())?;
        truth::will_end(Ended::Code(3))?;
        settled.open()?;
        truth::order(&[
            json!({ "type": "exit", "tid": proc::myself()?.1 }),
            json!({ "type": "exit", "tid": thread.tid }),
        ])?;
        sys::exit_thread(3)
    })?;
    settled.pass()?;
    // A leader with threads gives its parent no edge to wait for: look until it is a zombie.
    while proc::process(child.pid)?.state != 'Z' {
        sys::yield_now();
    }
    truth::hold()?;
    go.open()?;
    // Which thread's code the parent sees depends on the kernel: up to 5.15 the leader's, then the
    // last one's. The leader's own is 3 on all.
    let how = child.ended()?;
    ensure!(matches!(how, Ended::Code(3 | 0)), "neither thread's code: {how:?}");
    child.reap(true)?;
    Ok(())
}
