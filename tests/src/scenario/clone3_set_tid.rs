//! clone3 with `set_tid` at two levels: the child has the numbers that were asked for.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::{sys, task};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "clone3_set_tid",
    about: "clone3 with set_tid at two levels: the child has the numbers that were asked for.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let flags = libc::CLONE_NEWPID as u64;
    task::clone(flags, || {
        task::clone(flags, || {
            let child = task::clone_as(0, &[77, 1234], || {
                ensure!(sys::getpid() == 77, "inside it is {}", sys::getpid());
                Ok(0)
            })?;
            ensure!(child.ns_pids.get(1..) == Some(&[1234, 77]), "{:?}", child.ns_pids);
            child.exits(0)?;
            // The cursor did not move: the next number is the one after the init's.
            let next = task::fork(|| Ok(0))?;
            ensure!(next.local == 2, "the next number is {}", next.local);
            next.exits(0)?;
            // A new namespace, and the number of its init outside.
            let init = task::clone_as(flags, &[1, 500], || Ok(4))?;
            ensure!(init.ns_pids.get(2..) == Some(&[500, 1]), "{:?}", init.ns_pids);
            init.exits(4)?;
            Ok(3)
        })?
        .exits(3)?;
        Ok(2)
    })?
    .exits(2)
}
