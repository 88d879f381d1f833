//! Rule 58: what setsid and setpgid may change, and that nothing else does.

use super::session_of_group::session_of;
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker,
        cx::Cx,
        settle::{Settle, WINDOW},
        violation::Finding,
    },
    coverage::Fact,
    event::{Body, ChangePid, Syscall, TaskFacts},
    model::{TaskId, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 58,
    id: "setsid-setpgid",
    group: Group::Group,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "setsid gives a process that leads no session, and has no group named after it, \
                its own session and then its own group; setpgid moves the caller, or a child that \
                has not called exec, into its own group or one of the same session that the caller \
                can see, and no leader of a session; group and session change in no other way",
    source: "ksys_setsid, set_special_pids, setpgid (kernel/sys.c), change_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot), Need::Fact(Fact::ChangePid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Syscalls), Need::Fact(Fact::Snapshot)],
        statement: "calls that change ids have succeeded, and the caller's new state comes right \
                    after them; setsid answers the caller's own number, setpgid is only for the \
                    caller or its child; a process of one thread calls setsid only once",
    }),
    exceptions: &[
        "a sweep may read a process while it changes",
        "a process may be moved by its parent before its birth is told",
    ],
    trips: "a process calls setsid twice",
    near_miss: "a shell puts each of its children into a group of its own, then they call exec",
};

/// A session was changed, and the group is about to be.
#[derive(Clone, Copy, Debug)]
struct Half {
    actor: u64,
    task: u64,
    pid: u64,
}

/// What setsid is doing.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Setsid {
    half: Option<Half>,
    /// When a sweep last began or ended.
    swept: u64,
}

fn fail(cx: &mut Cx<'_>, holds: bool, task: TaskId, expected: &str, observed: String) {
    let world = cx.world;
    cx.test(&RULE, holds, || Finding::new(Subject::task(world, task), expected, observed));
}

impl Setsid {
    /// In the midst of setsid.
    pub(in crate::check) fn is_halfway(&self) -> bool {
        self.half.is_some()
    }

    /// Goes with every record.
    #[inline]
    pub(in crate::check) fn before(&mut self, cx: &mut Cx<'_>) {
        match &cx.event.body {
            _ if cx.plain => (),
            Body::SnapshotBegin(_) | Body::SnapshotEnd(_) => self.swept = cx.event.header.ts,
            Body::Lost(_) => self.half = None,
            _ => (),
        }
        if self.half.is_some() {
            self.complete(cx);
        }
    }

    /// `tasklist_lock` is held over both changes: nothing comes in between but the freeing of the
    /// old session's pid.
    #[cold]
    fn complete(&mut self, cx: &mut Cx<'_>) {
        let Some(Half { actor, task, pid }) = self.half else { return };
        let own = cx.event.header.actor == actor;
        let holds = match &cx.event.body {
            Body::FreePid(_) => return,
            Body::ChangePid(facts) => {
                own && facts.task == task && facts.pid == pid && facts.ty == 2
            }
            _ if own => false,
            _ => return,
        };
        self.half = None;
        cx.test(&RULE, holds, || {
            Finding::new(
                Subject::task_named(task, 0, 0),
                "the group to change right after the session",
                "another record",
            )
        });
    }

    /// `change_pid`.
    pub(in crate::check) fn change(&mut self, cx: &mut Cx<'_>, facts: &ChangePid, settle: &Settle) {
        let world = cx.world;
        let known = world.at_key(facts.task).filter(|&task| world.lives(task));
        let Some(task) = known else { return };
        let own = world.pid_of(task);
        let shape = world.leads(task) && world.tid(task) == facts.tid && matches!(facts.ty, 2 | 3);
        fail(cx, shape, task, "the leader of a process, by its number", facts.tid.to_string());
        let actor = world.at_key(cx.event.header.actor).filter(|&actor| world.lives(actor));
        let (Some(actor), Some(own)) = (actor, own) else { return };
        let is_own = world.key_of_pid(own) == facts.pid;
        let session = world.task_session(task);
        let sure = !settle.doubts(facts.task);
        if facts.ty == 3 {
            let users = if settle.doubts_any() { 0 } else { world.users(own)[0] };
            let mine = is_own && world.same_process(actor, task);
            fail(cx, mine, task, "its own session", format!("session {}", facts.nr));
            let first = !sure || session != Some(own) && users == 0;
            fail(cx, first, task, "no session or group of its own before", "setsid".to_owned());
            self.half =
                Some(Half { actor: cx.event.header.actor, task: facts.task, pid: facts.pid });
            return;
        }
        let setsid = is_own && session == Some(own);
        if setsid && world.same_process(actor, task) && world.task_pgrp(task) != Some(own) {
            return; // the second half of setsid
        }
        fail(cx, !(sure && session == Some(own)), task, "no leader of a session", "moved".into());
        setpgid(cx, task, actor, facts, settle);
    }

    /// A call has returned (tracepoint plan).
    pub(in crate::check) fn syscall(&mut self, cx: &mut Cx<'_>, facts: &Syscall) {
        let world = cx.world;
        let caller = world.at_key(cx.event.header.actor).filter(|&caller| world.lives(caller));
        let Some(caller) = caller else { return };
        match facts.nr {
            112 => {
                let leader = world.leader(caller);
                let Some(own) = world.pid_of(leader) else { return };
                let nr = i64::from(world.pid_vnr(own, caller));
                let said = format!("setsid answered {}", facts.ret);
                fail(cx, nr == 0 || nr == facts.ret, leader, "its own number", said);
                let quiet = self.swept.saturating_add(WINDOW) < cx.event.header.ts;
                if quiet && world.threads(caller).len() == 1 {
                    let first = world.task_session(leader) != Some(own);
                    fail(cx, first, leader, "no leader of a session", "setsid".to_owned());
                }
            }
            109 => {
                let answered = format!("setpgid answered {}", facts.ret);
                fail(cx, facts.ret == 0, caller, "0", answered);
                let [pid, ..] = facts.args;
                let ns = world.task_active_pid_ns(caller).filter(|_| pid as i32 != 0);
                let target = ns.and_then(|ns| world.find_pid_ns(pid as i32, ns));
                let Some(target) = target.and_then(|pid| world.live_holder(pid)) else { return };
                let family = is_family(world, caller, target);
                fail(cx, family, target, "moved by itself or its parent", pid.to_string());
            }
            _ => (),
        }
    }
}

/// The target is of the caller's process, or its child; true where that is in doubt.
fn is_family(world: &World, caller: TaskId, target: TaskId) -> bool {
    if world.same_process(caller, target) || world.is_parent_inferred(target) {
        return true;
    }
    match world.parent(target) {
        Some(parent) => world.same_process(parent, caller) || world.running(parent) == 0,
        None => true,
    }
}

fn setpgid(cx: &mut Cx<'_>, task: TaskId, actor: TaskId, facts: &ChangePid, settle: &Settle) {
    let world = cx.world;
    let by = format!("by {}", cx.event.header.actor_tid);
    fail(cx, is_family(world, actor, task), task, "moved by itself or its parent", by);
    let session = world.task_session(task);
    if !world.same_process(actor, task) {
        let exec = world.exec_of(task) != 0;
        fail(cx, !exec, task, "a child that has not called exec", "moved after it".to_owned());
        let leader = world.leader(actor);
        let sure = !settle.doubts(world.key_of(leader)) && !settle.doubts(facts.task);
        if sure && session.is_some() && world.task_session(actor).is_some() {
            let same = session == world.task_session(actor);
            fail(cx, same, task, "the session of its parent", "another one".to_owned());
        }
    }
    let Some(group) = world.pid_at(facts.pid) else { return };
    let seen = world.pid_vnr(group, actor) != 0 || world.task_active_pid_ns(actor).is_none();
    let named = format!("process group {}", facts.nr);
    fail(cx, seen, task, "a group that the caller can see", named.clone());
    if !settle.doubts_any()
        && let Some((_, of)) = session_of(world, group)
        && let Some(session) = session
    {
        fail(cx, of == session, task, "a group of its session", named);
    }
}

/// A process is read by a sweep (0), or by a thread of it that makes another.
#[inline]
pub(in crate::check) fn read(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle, by: u64) {
    if !cx.is_full(&RULE) {
        return;
    }
    let world = cx.world;
    let known = world.at_key(task.leader).filter(|&id| world.lives(id) && world.leads(id));
    let Some(leader) = known else { return };
    let (Some(pgrp), Some(session)) = (world.task_pgrp(leader), world.task_session(leader)) else {
        return;
    };
    let same = |pid, key: u64, nr: i32| world.key_of_pid(pid) == key && world.nr(pid) == nr;
    if same(pgrp, task.pgrp, task.pgid) && same(session, task.session, task.sid) {
        settle.agrees(task.leader);
        cx.test(&RULE, true, || Finding::new(Subject::record(), "", ""));
    } else if cx.is_certain() {
        settle.differs(&RULE, (task.leader, by), cx.event.header.ts, || {
            Finding::new(
                Subject::task_named(task.task, task.tid, task.tgid),
                format!("group {} and session {}", world.nr(pgrp), world.nr(session)),
                format!("group {} and session {}", task.pgid, task.sid),
            )
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Header, Syscall},
    };

    #[test]
    fn a_second_setsid_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.setsid(child);
        script.setsid(child);
        script.trips(&RULE);
    }

    #[test]
    fn a_session_without_its_group_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.change_pid(child, child, 3, child);
        script.fork(child);
        script.trips(&RULE);
    }

    #[test]
    fn a_child_that_is_moved_after_its_exec_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exec(child);
        script.change_pid(10, child, 2, child);
        script.trips(&RULE);
    }

    #[test]
    fn a_group_that_changes_unseen_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        let pid = script.facts(child).pid;
        (script.facts(child).pgrp, script.facts(child).pgid) = (pid, child);
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_shell_with_jobs_holds() {
        let mut script = Script::new();
        for _ in 0..3 {
            let child = script.fork(10);
            script.change_pid(10, child, 2, child);
            let member = script.fork(10);
            script.change_pid(member, member, 2, child);
            script.exec(child);
            script.sweep();
        }
        script.holds(&RULE);
    }

    fn calls(script: &mut Script, by: i32, ret: i64) {
        let header = Header::default();
        script.write(by, 24, Body::Syscall(Syscall { header, nr: 112, args: [0; 3], ret }));
    }

    #[test]
    fn setsid_that_answers_another_number_trips() {
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        calls(&mut script, child, i64::from(child) + 1);
        script.trips(&RULE);
    }

    #[test]
    fn setsid_that_answers_its_own_number_holds() {
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        calls(&mut script, child, i64::from(child));
        script.holds(&RULE);
    }
}
