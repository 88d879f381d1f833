//! Sessions and groups, in the initial and in a nested PID namespace; a group outlives the process
//! that it is named after.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setsid_setpgid",
    about: "Sessions and groups, in the initial and in a nested PID namespace; a group outlives \
            the process that it is named after.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (ready, go) = (Gate::new()?, Gate::new()?);
    let outer = task::fork(|| family(&ready, &go))?;
    ready.pass()?;
    let inner = task::clone(libc::CLONE_NEWPID as u64, || family(&ready, &go))?;
    ready.pass()?;
    truth::hold()?;
    go.open()?;
    go.open()?;
    outer.exits(1)?;
    inner.exits(1)
}

/// A session with two groups, one of which has lost its leader.
fn family(ready: &Gate, go: &Gate) -> Result<i32> {
    task::setsid()?;
    let (leave, joined, end) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let owner = task::fork(|| leave.pass().map(|()| 2))?;
    // A parent may move its child as long as that has not called exec.
    task::setpgid(owner.pid, owner.local, owner.local)?;
    let other = task::fork(|| {
        let me = proc::me()?.pid;
        task::setpgid(me, 0, owner.local)?;
        joined.open()?;
        end.pass()?;
        Ok(3)
    })?;
    joined.pass()?;
    leave.open()?;
    owner.zombie()?;
    let (owner_pid, owner_numbers) = (owner.pid, owner.ns_pids.clone());
    // Its number stays in use as the number of the group.
    owner.reap(false)?;
    let group = proc::process(other.pid)?.ns_pgid;
    ensure!(group.first() == Some(&owner_pid), "the group became {group:?}");
    ready.open()?;
    go.pass()?;
    end.open()?;
    let other_pid = other.pid;
    other.exits(3)?;
    truth::freed(&owner_numbers)?;
    truth::order(&[
        json!({ "type": "release", "tid": owner_pid }),
        json!({ "type": "release", "tid": other_pid }),
        json!({ "type": "free_pid", "ns_pids": owner_numbers }),
    ])?;
    Ok(1)
}
