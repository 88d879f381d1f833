//! PID namespaces as deep as the kernel allows, 32 below the initial one, and one more that it
//! refuses.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pidns_nested",
    about: "PID namespaces as deep as the kernel allows, 32 below the initial one, and one more \
            that it refuses.",
    holds: true,
    run,
};

/// `MAX_PID_NS_LEVEL`.
const DEEPEST: usize = 32;

/// What it does.
fn run() -> Result<()> {
    let (ready, go) = (Gate::new()?, Gate::new()?);
    let child = task::clone(libc::CLONE_NEWPID as u64, || nest(1, &ready, &go))?;
    ready.pass()?;
    truth::hold()?;
    go.open()?;
    child.exits(1)
}

/// The life of the init of level `level`: it exits with its level.
fn nest(level: usize, ready: &Gate, go: &Gate) -> Result<i32> {
    let numbers = proc::me()?.ns_pid;
    ensure!(numbers.len() == level + 1, "{numbers:?} at level {level}");
    ensure!(numbers.last() == Some(&1) && sys::getpid() == 1, "no init: {numbers:?}");
    let flags = libc::CLONE_NEWPID as u64;
    if level == DEEPEST {
        task::refused(flags, &[], ("ENOSPC", libc::ENOSPC), None)?;
        ready.open()?;
        go.pass()?;
    } else {
        let below = level + 1;
        task::clone(flags, || nest(below, ready, go))?.exits(below as i32)?;
    }
    Ok(level as i32)
}
