//! Part of rule 58: what the exits of system calls say (tracepoint plan).

use super::setsid_setpgid::RULE;
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    event::{Body, Syscall},
};

const WAIT4: u64 = 61;
const PTRACE: u64 = 101;
const SETSID: u64 = 112;
const PRCTL: u64 = 157;
const WAITID: u64 = 247;
/// `PR_SET_CHILD_SUBREAPER` (include/uapi/linux/prctl.h).
const SUBREAPER: u64 = 36;
/// Calls that change ids and answer 0: setuid, setgid, setpgid, setreuid, setregid, setresuid,
/// setresgid, unshare, setns.
const PLAIN: [u64; 9] = [105, 106, 109, 113, 114, 117, 119, 272, 308];

/// Requests of ptrace(2) that answer 0 (include/uapi/linux/ptrace.h): those that attach, detach, and
/// let run.
const REQUESTS: [u64; 10] = [0, 7, 8, 9, 16, 17, 24, 0x4200, 0x4206, 0x4207];

/// Calls of which the caller's new state comes next.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    open: Vec<u64>,
    /// A sweep has begun: the records of one call are not cut in two.
    armed: bool,
}

impl Calls {
    /// Goes with every record.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        let actor = cx.event.header.actor;
        match &cx.event.body {
            Body::Syscall(facts) => {
                self.close(cx, actor, false);
                shape(cx, facts);
                if !matches!(facts.nr, WAIT4 | WAITID) {
                    self.open.push(actor);
                }
            }
            Body::Update { task, .. } => {
                let told = self.close(cx, actor, true) || !self.armed;
                cx.test(&RULE, told && task.task == actor, || {
                    let observed = "its state, and no call";
                    Finding::new(Subject::task_named(task.task, task.tid, 0), "a call", observed)
                });
            }
            Body::SnapshotBegin(_) => self.armed = true,
            Body::Lost(_) => *self = Self::default(),
            _ if self.open.is_empty() || actor == 0 => {}
            _ => {
                self.close(cx, actor, false);
            }
        }
    }

    /// A task writes its next record; whether it has told a call.
    fn close(&mut self, cx: &mut Cx<'_>, actor: u64, update: bool) -> bool {
        let Some(at) = self.open.iter().position(|&open| open == actor) else { return false };
        self.open.swap_remove(at);
        cx.test(&RULE, update, || {
            let subject = Subject::task_named(actor, cx.event.header.actor_tid, 0);
            Finding::new(subject, "the caller's state right after its call", "another record")
        });
        true
    }
}

/// The caller's group's number in its own PID namespace: the session that setsid(2) answers.
fn own_number(cx: &Cx<'_>) -> Option<i32> {
    let world = cx.world;
    let id = world.at_key(cx.event.header.actor).filter(|&id| world.runs(id) && world.leads(id))?;
    let known = world.tid(id) == cx.event.header.actor_tid && cx.is_certain();
    let pid = world.pid_of(id).filter(|_| known)?;
    world.numbers(pid).last().map(|&(_, nr)| nr)
}

/// Only calls that have succeeded, and changed something, are told.
fn shape(cx: &mut Cx<'_>, facts: &Syscall) {
    let [first, second, _] = facts.args;
    let holds = match facts.nr {
        SETSID => facts.ret > 0 && own_number(cx).is_none_or(|nr| i64::from(nr) == facts.ret),
        WAIT4 => facts.ret > 0 && i32::try_from(facts.ret).is_ok(),
        PTRACE => facts.ret == 0 || facts.ret > 0 && !REQUESTS.contains(&first),
        PRCTL => facts.ret == 0 && first == SUBREAPER,
        WAITID => facts.ret == 0 && second as i32 > 0,
        nr => facts.ret == 0 && PLAIN.contains(&nr),
    };
    cx.test_alone(&RULE, holds, || {
        let observed = format!("call {} answered {}", facts.nr, facts.ret);
        Finding::new(Subject::record(), "a call that has changed ids", observed)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Syscall},
    };

    #[test]
    fn a_call_that_failed_or_changes_nothing_trips() {
        for (nr, ret) in [(109, 1), (39, 0), (272, 3)] {
            let mut script = Script::tracepoints();
            let child = script.fork(10);
            script.rename(child, *b"name");
            let header = script.last().header;
            script.last().header.kind = 24;
            script.last().body = Body::Syscall(Syscall { header, nr, ret, ..Syscall::default() });
            script.trips(&RULE);
        }
    }
}
