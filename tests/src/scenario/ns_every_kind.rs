//! Every kind of namespace, made by clone and by unshare, and entered by setns.

use std::fs::File;
use std::os::fd::AsFd;

use anyhow::{Context, Result, ensure};

use super::Scenario;
use crate::task::{self, Child, Gate};
use crate::{proc, sys, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "ns_every_kind",
    about: "Every kind of namespace, made by clone and by unshare, and entered by setns.",
    holds: true,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let end = Gate::new()?;
    let mut residents = Vec::new();
    for (kind, flag) in proc::KINDS {
        if proc::my_ns(kind).is_err() {
            continue;
        }
        let before = proc::my_ns(kind)?;
        let resident = task::clone(flag, || {
            ensure!(proc::my_ns(kind)? != before, "clone made no {kind} namespace");
            end.pass()?;
            Ok(1)
        })
        .with_context(|| format!("cannot make a {kind} namespace"))?;
        task::fork(|| by_unshare(kind, flag))?.exits(2)?;
        task::fork(|| by_setns(kind, flag, &resident))?.exits(3)?;
        residents.push(resident);
    }
    truth::hold()?;
    for resident in residents {
        end.open()?;
        resident.exits(1)?;
    }
    Ok(())
}

/// Makes a namespace for the caller, or for its children.
fn by_unshare(kind: &str, flag: u64) -> Result<i32> {
    let by = proc::myself()?.1;
    sys::unshare(flag).with_context(|| format!("cannot unshare {kind}"))?;
    match kind {
        // Both are for children only; a PID namespace cannot be named before it has an init.
        "pid" => {
            let init = task::fork(|| Ok(1))?;
            init.zombie()?;
            truth::created(kind, proc::my_ns("pid_for_children")?, by)?;
            init.reap(true)?;
        }
        "time" => {
            let inode = proc::my_ns("time_for_children")?;
            ensure!(proc::my_ns("time")? != inode, "unshare moved its caller in time");
            truth::created(kind, inode, by)?;
            task::fork(|| {
                ensure!(proc::my_ns("time")? == inode, "the child is not in the new one");
                Ok(1)
            })?
            .exits(1)?;
        }
        _ => truth::created(kind, proc::my_ns(kind)?, by)?,
    }
    Ok(2)
}

/// Enters the namespace of the resident.
fn by_setns(kind: &str, flag: u64, resident: &Child) -> Result<i32> {
    let from = proc::my_ns(kind)?;
    let target = File::open(format!("/proc/{}/ns/{kind}", resident.pid))?;
    let inode = proc::process(resident.pid)?.ns[kind];
    sys::setns(target.as_fd(), flag).with_context(|| format!("cannot enter {kind}"))?;
    let link = if kind == "pid" { "pid_for_children" } else { kind };
    ensure!(proc::my_ns(link)? == inode, "setns did not enter {kind}");
    truth::entered(kind, from, inode)?;
    Ok(3)
}
