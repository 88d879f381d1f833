//! A vfork whose child execs while its parent waits; then a plain fork that execs.

use std::os::fd::AsFd;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::{proc, task, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "vfork_exec",
    about: "A vfork whose child execs while its parent waits; then a plain fork that execs.",
    holds: false,
    run,
};

/// This program's path: a function without arguments is all that a vfork can run.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// The child: in its parent's memory, which waits.
extern "C" fn child(_: *mut libc::c_void) -> i32 {
    if let Some(program) = PROGRAM.get() {
        sys::exec(program, &[program, "become", "3"]);
    }
    127
}

/// What it does.
fn run() -> Result<()> {
    let program = PROGRAM.get_or_init(|| task::program().unwrap_or_default());
    let me = proc::me()?;
    let local = sys::vfork(child).context("clone(CLONE_VM|CLONE_VFORK) failed")?;
    let pidfd = sys::pidfd(local)?;
    let how = sys::wait(pidfd.as_fd(), libc::WNOWAIT)?;
    ensure!(how == Ended::Code(3), "the child of the vfork came to {how:?}");
    // At level 0, the number that the caller sees is the host's.
    let zombie = proc::process(local)?;
    let (pid, numbers) = (zombie.pid, zombie.ns_pid);
    let event = json!({
        "type": "fork", "pid": pid, "tid": pid, "ns_pids": numbers, "ppid": me.pid,
        "creator": me.tid, "flags": ["CLONE_VM", "CLONE_VFORK"], "exit_signal": libc::SIGCHLD,
        "start_ticks": zombie.start_ticks, "comm": me.comm, "absent": ["thread", "kernel"],
    });
    truth::see(&event)?;
    truth::see(&json!({
        "type": "exec", "pid": pid, "tid": pid, "ns_pids": numbers,
        "filename": program, "args": [program, "become", "3"], "absent": ["old_tid"],
    }))?;
    truth::ended(pid, pid, &numbers, how)?;
    sys::wait(pidfd.as_fd(), 0)?;
    truth::released(pid, &numbers, Some(me.tid))?;
    truth::freed(&numbers)?;

    task::fork(|| task::become_another(4))?.exits(4)
}
