//! A daemon: session leader forks again and exits, so that the daemon is an orphan.

use anyhow::Result;

use super::Scenario;
use crate::sys::{self, Ended};
use crate::task::{self, Gate};
use crate::truth;

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "double_fork_daemon",
    about: "A daemon: session leader forks again and exits, so that the daemon is an orphan.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (born, watched, leave) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let (mut reader, mut writer) = std::io::pipe()?;
    let middle = task::fork(|| {
        task::setsid()?;
        let daemon = task::fork(|| {
            let old = truth::await_orphanage()?;
            born.open()?;
            truth::orphaned(old, "subreaper")?;
            truth::will_end(Ended::Code(9))?;
            leave.pass()?;
            Ok(9)
        })?;
        std::io::Write::write_all(&mut writer, &daemon.pid.to_ne_bytes())?;
        born.pass()?;
        watched.pass()?;
        Ok(0)
    })?;
    let mut number = [0; 4];
    std::io::Read::read_exact(&mut reader, &mut number)?;
    // Taken while it lives: whoever adopts the daemon may reap it before we look.
    let daemon = sys::pidfd(i32::from_ne_bytes(number))?;
    watched.open()?;
    middle.zombie()?;
    // The daemon's group and session keep the number of the one that made them.
    middle.reap(false)?;
    leave.open()?;
    task::gone(&daemon)
}
