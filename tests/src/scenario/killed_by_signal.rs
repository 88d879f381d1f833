//! Ends by SIGKILL, by SIGTERM, by SIGSEGV (with a core where the limit allows it), and by exit
//! with 77.

use std::fs;

use anyhow::{Result, ensure};

use super::Scenario;
use crate::sys::{self, Ended};
use crate::task::{self, Gate};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "killed_by_signal",
    about: "Ends by SIGKILL, by SIGTERM, by SIGSEGV (with a core where the limit allows it), and \
            by exit with 77.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let never = Gate::new()?;
    for signal in [libc::SIGKILL, libc::SIGTERM] {
        let child = task::fork(|| never.stay())?;
        child.signal(signal)?;
        child.dies_of(signal)?;
    }
    let folder = std::env::temp_dir().join(format!("tracer-tests-core-{}", std::process::id()));
    fs::create_dir(&folder)?;
    let segfault = task::fork(|| {
        std::env::set_current_dir(&folder)?;
        sys::allow_core()?;
        sys::default_action(libc::SIGSEGV);
        sys::kill(sys::getpid(), libc::SIGSEGV)?;
        never.stay()
    })
    .and_then(task::Child::wait);
    // The core, if there is one, goes with its folder.
    fs::remove_dir_all(&folder)?;
    let how = segfault?;
    let fits = matches!(how, Ended::Signal { number: libc::SIGSEGV, .. });
    ensure!(fits, "SIGSEGV came to {how:?}");
    task::fork(|| Ok(77))?.exits(77)
}
