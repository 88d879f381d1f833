//! `unshare(CLONE_NEWPID)`, then forks: the first child is the init, the second its member.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "unshare_then_fork",
    about: "unshare(CLONE_NEWPID), then forks: the first child is the init, the second its member.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::fork(|| {
        sys::unshare(libc::CLONE_NEWPID as u64)?;
        let go = Gate::new()?;
        let init = task::fork(|| {
            ensure!(sys::getpid() == 1, "the first child is {}", sys::getpid());
            go.pass()?;
            Ok(1)
        })?;
        let (me, inode) = (proc::me()?, proc::my_ns("pid_for_children")?);
        ensure!(proc::process(init.pid)?.ns["pid"] == inode, "the init is elsewhere");
        truth::created("pid", inode, me.tid)?;
        let second = task::fork(|| {
            // Its parent is outside.
            ensure!((sys::getpid(), sys::getppid()) == (2, 0), "it is {}", sys::getpid());
            Ok(2)
        })?;
        ensure!(init.ns_pids == [init.local, 1] && second.ns_pids == [second.local, 2]);
        second.exits(2)?;
        go.open()?;
        init.exits(1)?;
        Ok(5)
    })?
    .exits(5)
}
