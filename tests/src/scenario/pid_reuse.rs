//! The same number again and again: asked for by `set_tid`, and by a small `pid_max` where that is not
//! the host's.

use std::fs;
use std::path::Path;

use anyhow::{Result, ensure};

use super::Scenario;
use crate::{cgroup, task};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pid_reuse",
    about: "The same number again and again: asked for by set_tid, and by a small pid_max where \
            that is not the host's.",
    holds: false,
    run,
};

/// The sysctl.
const PID_MAX: &str = "/proc/sys/kernel/pid_max";

/// How often the number is used.
const TIMES: usize = 40;

/// What it does.
fn run() -> Result<()> {
    task::clone(libc::CLONE_NEWPID as u64, || {
        for code in 0..TIMES as i32 {
            let child = task::clone_as(0, &[42], || Ok(code))?;
            ensure!(child.local == 42, "it is {}", child.local);
            child.exits(code)?;
        }
        if per_namespace() {
            // The lowest that the kernel allows is above the 300 numbers for daemons.
            cgroup::write(Path::new(PID_MAX), "310")?;
            wrap(299)?;
        }
        Ok(1)
    })?
    .exits(1)?;
    if std::env::var_os("SCENARIO_VM").is_some() {
        let before = fs::read_to_string(PID_MAX)?;
        // Nobody else is here; the numbers above the limit stay valid.
        cgroup::write(Path::new(PID_MAX), "400")?;
        let result = task::fork(|| wrap(380).map(|()| 0))?.exits(0);
        cgroup::write(Path::new(PID_MAX), before.trim())?;
        result?;
    }
    Ok(())
}

/// Forks until a number comes again, from `last` on where the kernel lets us set it.
fn wrap(last: i32) -> Result<()> {
    fs::write("/proc/sys/kernel/ns_last_pid", last.to_string()).ok();
    let mut seen = Vec::new();
    for _ in 0..500 {
        let child = task::fork(|| Ok(0))?;
        let number = child.local;
        child.exits(0)?;
        if seen.contains(&number) {
            return Ok(());
        }
        seen.push(number);
    }
    anyhow::bail!("500 forks and no number came again");
}

/// Whether every PID namespace has its own limit: else a write would change the host's.
fn per_namespace() -> bool {
    fs::read_to_string("/proc/kallsyms").is_ok_and(|symbols| symbols.contains("pid_table_root"))
}
