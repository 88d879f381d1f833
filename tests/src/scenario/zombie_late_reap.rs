//! A child is a zombie while its parent forks and reaps another; only then it is reaped.

use anyhow::{Result, ensure};
use serde_json::json;

use super::Scenario;
use crate::sys::Ended;
use crate::{task, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "zombie_late_reap",
    about: "A child is a zombie while its parent forks and reaps another; only then it is reaped.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let zombie = task::fork(|| Ok(4))?;
    ensure!(zombie.zombie()? == Ended::Code(4), "the zombie ended in another way");
    let second = task::fork(|| Ok(5))?;
    let (first_pid, second_pid) = (zombie.pid, second.pid);
    second.exits(5)?;
    truth::hold()?;
    zombie.reap(true)?;
    truth::order(&[
        json!({ "type": "exit", "tid": first_pid }),
        json!({ "type": "fork", "tid": second_pid }),
        json!({ "type": "release", "tid": second_pid }),
        json!({ "type": "release", "tid": first_pid }),
        json!({ "type": "free_pid", "ns_pids": [first_pid] }),
    ])
}
