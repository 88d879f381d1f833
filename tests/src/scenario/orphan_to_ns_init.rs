//! An orphan inside a PID namespace goes to the namespace's init.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::task::{self, Gate};
use crate::{sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "orphan_to_ns_init",
    about: "An orphan inside a PID namespace goes to the namespace's init.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::clone(libc::CLONE_NEWPID as u64, || {
        let armed = Gate::new()?;
        let (mut reader, mut writer) = std::io::pipe()?;
        let middle = task::fork(|| {
            let orphan = task::fork(|| {
                let old = truth::await_orphanage()?;
                armed.open()?;
                truth::orphaned(old, "namespace_init")?;
                ensure!(sys::getppid() == 1, "the orphan's parent is not 1");
                Ok(3)
            })?;
            task::hand_over(&mut writer, &orphan)?;
            armed.pass()?;
            Ok(2)
        })?;
        let orphan = task::take_over(&mut reader)?;
        middle.exits(2)?;
        orphan.exits(3)?;
        Ok(1)
    })?
    .exits(1)
}
