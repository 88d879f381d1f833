//! `unshare(CLONE_NEWPID)` without a fork: a PID namespace without a task, and a caller that cannot
//! make threads.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_without_fork",
    about: "unshare(CLONE_NEWPID) without a fork: a PID namespace without a task, and a caller \
            that cannot make threads.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (ready, go) = (Gate::new()?, Gate::new()?);
    let child = task::fork(|| {
        let before = proc::me()?;
        sys::unshare(libc::CLONE_NEWPID as u64)?;
        let after = proc::me()?;
        ensure!(before.ns_pid == after.ns_pid, "unshare changed {:?}", before.ns_pid);
        ensure!(before.ns["pid"] == after.ns["pid"], "unshare moved its caller");
        // Its inode number cannot be read before it has an init (up to 7.0).
        truth::see(&json!({ "type": "ns_create", "kind": "pid", "by": after.tid, "level": 1 }))?;
        let thread = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD) as u64;
        task::refused(thread, &[], ("EINVAL", libc::EINVAL), None)?;
        ready.open()?;
        go.pass()?;
        Ok(3)
    })?;
    ready.pass()?;
    truth::hold()?;
    go.open()?;
    child.exits(3)
}
