//! clone3 with a `set_tid` that is taken (EEXIST), and with one that cannot be (EINVAL).

use anyhow::Result;

use super::Scenario;
use crate::{proc, task};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "failed_fork_set_tid_taken",
    about: "clone3 with a set_tid that is taken (EEXIST), and with one that cannot be (EINVAL).",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    task::clone(libc::CLONE_NEWPID as u64, || {
        let inode = proc::my_ns("pid")?;
        task::refused(0, &[1], ("EEXIST", libc::EEXIST), Some(inode))?;
        task::refused(0, &[i32::MAX], ("EINVAL", libc::EINVAL), None)?;
        task::clone_as(0, &[50], || {
            task::refused(0, &[50], ("EEXIST", libc::EEXIST), Some(inode))?;
            Ok(1)
        })?
        .exits(1)?;
        Ok(2)
    })?
    .exits(2)
}
