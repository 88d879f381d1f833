//! A container as runtimes make it: a cgroup named by its id, a process that is moved into it, and an
//! init in a PID namespace of its own.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::cgroup::PidsCgroup;
use crate::{proc, sys, task, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "container",
    about: "A container: a cgroup named by its id, a process moved into it, an init of its own.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let id = format!("{:064x}", std::process::id());
    let name = format!("docker-{id}.scope");
    let path = format!("/{name}");
    let cgroup = match PidsCgroup::named(&name)? {
        Ok(cgroup) => cgroup,
        Err(reason) => return truth::skip(reason),
    };
    let container = json!({ "id": id, "runtime": "docker" });
    truth::see(&json!({ "type": "cg_create", "cgroup_path": path, "container": container }))?;
    let child = task::fork(|| {
        cgroup.enter()?;
        let tid = proc::me()?.tid;
        truth::see(&json!({
            "type": "cg_move", "tid": tid, "cgroup_path": path, "container": container,
        }))?;
        let init = task::clone(libc::CLONE_NEWPID as u64, || {
            ensure!(sys::getpid() == 1, "inside it is {}", sys::getpid());
            task::fork(|| Ok(2))?.exits(2)?;
            Ok(1)
        })?;
        // Born in it, and told so.
        let born = json!({ "type": "fork", "tid": init.local, "absent": ["container"] });
        truth::tell(&json!({ "never": born }))?;
        truth::order(&[
            json!({ "type": "cg_move", "tid": tid }),
            json!({ "type": "fork", "tid": init.local, "container": container }),
        ])?;
        init.exits(1)?;
        Ok(3)
    })?;
    child.exits(3)?;
    drop(cgroup);
    truth::see(&json!({ "type": "cg_remove", "cgroup_path": path, "container": container }))
}
