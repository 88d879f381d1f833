//! `clone(CLONE_NEWPID)`: the child is 1 inside and something else outside, its child is 2.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::{sys, task};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone_newpid",
    about: "clone(CLONE_NEWPID): the child is 1 inside and something else outside, its child is 2.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let child = task::clone(libc::CLONE_NEWPID as u64, || {
        ensure!((sys::getpid(), sys::getppid()) == (1, 0), "inside it is {}", sys::getpid());
        let second = task::fork(|| {
            ensure!((sys::getpid(), sys::getppid()) == (2, 1), "inside it is {}", sys::getpid());
            Ok(20)
        })?;
        ensure!(second.local == 2 && second.ns_pids.get(1) == Some(&2), "{:?}", second.ns_pids);
        second.exits(20)?;
        Ok(10)
    })?;
    ensure!(child.ns_pids == [child.local, 1], "{:?}", child.ns_pids);
    child.exits(10)
}
