//! A process dies before its child, which goes to the next subreaper.

use anyhow::{Result, ensure};

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "orphan_to_subreaper",
    about: "A process dies before its child, which goes to the next subreaper.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::fork(|| {
        sys::become_subreaper()?;
        let reaper = proc::me()?.pid;
        let armed = Gate::new()?;
        let (mut reader, mut writer) = std::io::pipe()?;
        let middle = task::fork(|| {
            let orphan = task::fork(|| {
                let old = truth::await_orphanage()?;
                armed.open()?;
                let new = truth::orphaned(old, "subreaper")?;
                ensure!(new == reaper, "the orphan went to {new} and not to {reaper}");
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
