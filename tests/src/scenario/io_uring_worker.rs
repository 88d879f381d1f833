//! A submission-queue thread of `io_uring`: a thread of the process that no `sched_process_fork`
//! announces.

use anyhow::Result;
use serde_json::json;

use super::Scenario;
use crate::{proc, sys, task, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "io_uring_worker",
    about: "A submission-queue thread of io_uring: a thread of the process that no \
            sched_process_fork announces.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let child = task::fork(|| {
        let me = proc::me()?;
        let ring = match sys::io_uring_with_sqpoll() {
            Ok(ring) => ring,
            Err(error) => {
                truth::skip(&format!("io_uring_setup: {error}"))?;
                return Ok(2);
            }
        };
        let threads = proc::numbers("/proc/self/task")?;
        let Some(worker) = threads.into_iter().find(|tid| *tid != me.tid) else {
            truth::skip("the submission-queue thread is a kernel thread here")?;
            return Ok(2);
        };
        truth::see(&json!({
            "type": "fork", "pid": me.pid, "tid": worker, "ns_pids": [worker], "ppid": me.ppid,
            "creator": me.tid, "creator_pid": me.pid, "thread": true, "absent": ["kernel"],
        }))?;
        truth::see(&json!({ "type": "exit", "pid": me.pid, "tid": worker }))?;
        truth::released(worker, &[worker], Some(worker))?;
        drop(ring);
        Ok(2)
    })?;
    child.exits(2)
}
