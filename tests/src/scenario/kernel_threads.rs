//! Nothing but standing still: every kernel thread of the host must be in the table.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "kernel_threads",
    about: "Nothing but standing still: every kernel thread of the host must be in the table.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let tasks = proc::walk()?;
    let kernel: Vec<_> = tasks.values().filter(|task| task.kernel).collect();
    ensure!(kernel.iter().any(|task| task.comm == "kthreadd"), "/proc shows no kthreadd");
    ensure!(kernel.iter().all(|task| task.ns_pid.len() == 1), "a kernel thread in a namespace");
    truth::hold()
}
