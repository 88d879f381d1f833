//! A process enters a PID namespace by setns and forks into it; a second child is orphaned and
//! goes outside.

use std::fs::File;
use std::os::fd::AsFd;

use anyhow::{Result, ensure};

use super::Scenario;
use crate::task::{self, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "setns_then_fork",
    about: "A process enters a PID namespace by setns and forks into it; a second child is \
            orphaned and goes outside.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (armed, end) = (Gate::new()?, Gate::new()?);
    let init = task::clone(libc::CLONE_NEWPID as u64, || end.pass().map(|()| 0))?;
    sys::become_subreaper()?;
    let outside = proc::me()?.pid;
    let (mut reader, mut writer) = std::io::pipe()?;
    let guest = task::fork(|| {
        let from = proc::my_ns("pid")?;
        let target = File::open(format!("/proc/{}/ns/pid", init.pid))?;
        sys::setns(target.as_fd(), libc::CLONE_NEWPID as u64)?;
        let inode = proc::my_ns("pid_for_children")?;
        ensure!(proc::my_ns("pid")? == from && inode != from, "setns moved its caller");
        truth::entered("pid", from, inode)?;
        let first = task::fork(|| {
            ensure!((sys::getpid(), sys::getppid()) == (2, 0), "it is {}", sys::getpid());
            Ok(2)
        })?;
        ensure!(first.ns_pids.get(1) == Some(&2), "{:?}", first.ns_pids);
        first.exits(2)?;
        let orphan = task::fork(|| {
            let old = truth::await_orphanage()?;
            armed.open()?;
            // By the rules of the father's namespace: never to the init beside it.
            let new = truth::orphaned(old, "subreaper")?;
            ensure!(new == outside, "the orphan went to {new} and not to {outside}");
            Ok(3)
        })?;
        task::hand_over(&mut writer, &orphan)?;
        armed.pass()?;
        Ok(1)
    })?;
    let orphan = task::take_over(&mut reader)?;
    guest.exits(1)?;
    orphan.exits(3)?;
    end.open()?;
    init.exits(0)
}
