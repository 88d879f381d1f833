//! A thread that is no leader execs: it takes the leader's number, and its own is freed.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use serde_json::json;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "exec_by_thread",
    about: "A thread that is no leader execs: it takes the leader's number, and its own is freed.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::fork(|| {
        let me = proc::me()?;
        // Exec ends the leader and a third thread without a code of their own.
        truth::ended(me.pid, me.tid, &me.ns_pid, Ended::Code(0))?;
        truth::maybe(&json!({ "type": "release", "pid": me.pid }))?;
        let settled = Arc::new(Gate::new()?);
        let told = Arc::clone(&settled);
        let third = task::thread(move || {
            truth::will_end(Ended::Code(0))?;
            let me = proc::me()?;
            truth::released(me.tid, &me.ns_pid, Some(me.tid))?;
            truth::freed(&me.ns_pid)?;
            told.open()?;
            Gate::new()?.stay().map(drop)
        })?;
        settled.pass()?;
        let third = third.tid;
        task::thread(move || {
            let old = proc::me()?;
            let program = task::program()?;
            let args = [program.as_str(), "become", "6"];
            // From now on this task is `pid`, and nobody is its old tid.
            truth::see(&json!({
                "type": "exec", "pid": old.pid, "tid": old.pid, "old_tid": old.tid,
                "ns_pids": [old.pid], "filename": program, "args": args,
            }))?;
            truth::freed(&old.ns_pid)?;
            truth::order(&[
                json!({ "type": "exit", "tid": old.pid, "exit_code": 0 }),
                json!({ "type": "exec", "tid": old.pid, "old_tid": old.tid }),
                json!({ "type": "exit", "tid": old.pid, "exit_code": 6 }),
            ])?;
            truth::order(&[
                json!({ "type": "exit", "tid": third }),
                json!({ "type": "exec", "tid": old.pid, "old_tid": old.tid }),
            ])?;
            Err(sys::exec(&program, &args)).context("exec failed")
        })?
        .join()?;
        Err(anyhow!("the thread came back from exec"))
    })?
    .exits(6)
}
