//! The init of a PID namespace exits with members alive, one of them the init of a nested one: all
//! die with it.

use anyhow::Result;
use serde_json::json;

use super::Scenario;
use crate::sys::Ended;
use crate::task::{self, Gate};
use crate::{proc, truth};

/// The scenario of this file.
pub(super) const SCENARIO: Scenario = Scenario {
    name: "pidns_init_dies",
    about: "The init of a PID namespace exits with members alive, one of them the init of a \
            nested one: all die with it.",
    holds: false,
    run,
};

/// What it does.
fn run() -> Result<()> {
    let (never, told) = (Gate::new()?, Gate::new()?);
    let flags = libc::CLONE_NEWPID as u64;
    let init = task::clone(flags, || {
        let inode = proc::my_ns("pid")?;
        let member = task::fork(|| doomed(&told, &never))?;
        let nested = task::clone(flags, || {
            task::fork(|| doomed(&told, &never))?;
            truth::see_with(
                &json!({ "type": "ns_dying", "kind": "pid", "inum": proc::my_ns("pid")? }),
                &json!({ "level": 2 }),
            )?;
            doomed(&told, &never)
        })?;
        truth::see_with(
            &json!({ "type": "ns_dying", "kind": "pid", "inum": inode }),
            &json!({ "level": 1 }),
        )?;
        let me = proc::me()?;
        for pid in [member.pid, nested.pid] {
            truth::order(&[
                json!({ "type": "exit", "tid": me.tid }),
                json!({ "type": "exit", "tid": pid }),
                json!({ "type": "release", "tid": pid }),
                json!({ "type": "release", "tid": me.tid }),
            ])?;
        }
        // Nobody is killed before all have told what will become of them.
        for _ in 0..3 {
            told.pass()?;
        }
        Ok(8)
    })?;
    init.exits(8)
}

/// Tells that SIGKILL will end the caller, and waits for it.
fn doomed(told: &Gate, never: &Gate) -> Result<i32> {
    let me = proc::me()?;
    truth::will_end(Ended::Signal { number: libc::SIGKILL, core: false })?;
    truth::released(me.tid, &me.ns_pid, None)?;
    truth::freed(&me.ns_pid)?;
    told.open()?;
    never.stay()
}
