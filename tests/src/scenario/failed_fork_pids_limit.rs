//! Forks refused by the pids controller: EAGAIN after the number was already taken.

use anyhow::Result;

use super::Scenario;
use crate::cgroup::PidsCgroup;
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "failed_fork_pids_limit",
    about: "Forks refused by the pids controller: EAGAIN after the number was already taken.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let cgroup = match PidsCgroup::new()? {
        Ok(cgroup) => cgroup,
        Err(reason) => return truth::skip(reason),
    };
    cgroup.limit(2)?;
    let child = task::fork(|| {
        cgroup.enter()?;
        let end = Gate::new()?;
        let last = task::fork(|| end.pass().map(|()| 1))?;
        for _ in 0..3 {
            task::refused(0, &[], ("EAGAIN", libc::EAGAIN), Some(proc::my_ns("pid")?))?;
        }
        end.open()?;
        last.exits(1)?;
        task::fork(|| Ok(2))?.exits(2)?;
        Ok(3)
    })?;
    child.exits(3)
}
