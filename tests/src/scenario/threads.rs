//! A process with threads: one ends at once, one renames itself, one is still there when the
//! process exits.

use std::sync::Arc;

use anyhow::Result;
use serde_json::json;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "threads",
    about: "A process with threads: one ends at once, one renames itself, one is still there \
            when the process exits.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (ready, go) = (Gate::new()?, Gate::new()?);
    let child = task::fork(|| process(&ready, &go))?;
    ready.pass()?;
    truth::hold()?;
    go.open()?;
    child.exits(5)
}

/// The process with the threads.
fn process(ready: &Gate, go: &Gate) -> Result<i32> {
    task::thread(|| Ok(()))?.join()?;
    let renamed = Arc::new(Gate::new()?);
    let rename = Arc::clone(&renamed);
    let second = task::thread(move || {
        let me = proc::me()?;
        sys::set_name("renamed")?;
        truth::see(&json!({
            "type": "rename", "pid": me.pid, "tid": me.tid, "ns_pids": me.ns_pid,
            "comm": "renamed", "old_comm": me.comm,
        }))?;
        rename.pass()
    })?;
    let settled = Arc::new(Gate::new()?);
    let told = Arc::clone(&settled);
    task::thread(move || {
        // It never comes back: the exit of the process takes it, with the code of the process.
        truth::will_end(Ended::Code(5))?;
        let me = proc::me()?;
        truth::released(me.tid, &me.ns_pid, Some(me.tid))?;
        told.open()?;
        Gate::new()?.stay().map(drop)
    })?;
    settled.pass()?;
    ready.open()?;
    go.pass()?;
    renamed.open()?;
    second.join()?;
    Ok(5)
}
