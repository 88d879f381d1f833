//! A process is traced by a stranger: its real parent stays, the tracer is told apart, and lets
//! go.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "ptrace_attach",
    about: "A process is traced by a stranger: its real parent stays, the tracer is told apart, \
            and lets go.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (attached, detach, end) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let target = task::fork(|| end.pass().map(|()| 1))?;
    let (me, pid) = (proc::me()?.pid, target.pid);
    let tracer = task::fork(|| {
        let own = proc::me()?.pid;
        sys::ptrace(libc::PTRACE_SEIZE, target.local)?;
        let seen = proc::process(pid)?;
        ensure!((seen.tracer, seen.ppid) == (own, me), "traced by {}", seen.tracer);
        truth::see(&json!({ "type": "ptrace", "pid": pid, "tid": pid, "tracer": own }))?;
        attached.open()?;
        detach.pass()?;
        // Only a stopped task can be let go.
        sys::ptrace(libc::PTRACE_INTERRUPT, target.local)?;
        sys::wait_stopped(target.local)?;
        sys::ptrace(libc::PTRACE_DETACH, target.local)?;
        truth::see(&json!({ "type": "ptrace", "pid": pid, "tid": pid, "absent": ["tracer"] }))?;
        truth::order(&[
            json!({ "type": "ptrace", "tid": pid, "tracer": own }),
            json!({ "type": "ptrace", "tid": pid, "absent": ["tracer"] }),
        ])?;
        Ok(2)
    })?;
    attached.pass()?;
    truth::hold()?;
    detach.open()?;
    tracer.exits(2)?;
    end.open()?;
    target.exits(1)
}
