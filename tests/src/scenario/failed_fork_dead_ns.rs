//! A fork into a PID namespace whose init has died: ENOMEM.

use std::fs::File;
use std::os::fd::AsFd;

use anyhow::Result;

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "failed_fork_dead_ns",
    about: "A fork into a PID namespace whose init has died: ENOMEM.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (end, entered, dead) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let init = task::clone(libc::CLONE_NEWPID as u64, || end.pass().map(|()| 0))?;
    let pid = init.pid;
    let guest = task::fork(|| {
        let from = proc::my_ns("pid")?;
        let target = File::open(format!("/proc/{pid}/ns/pid"))?;
        sys::setns(target.as_fd(), libc::CLONE_NEWPID as u64)?;
        let inode = proc::my_ns("pid_for_children")?;
        truth::entered("pid", from, inode)?;
        entered.open()?;
        dead.pass()?;
        task::refused(0, &[], ("ENOMEM", libc::ENOMEM), Some(inode))?;
        Ok(4)
    })?;
    entered.pass()?;
    end.open()?;
    init.exits(0)?;
    dead.open()?;
    guest.exits(4)
}
