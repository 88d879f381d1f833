//! Rule 29: who leads a session is in it, and in a group of its own.

use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, cx::Cx, settle::Settle, violation::Finding,
    },
    coverage::Fact,
    event::{TaskFacts, bits},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 29,
    id: "session-leader",
    group: Group::Group,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a process leads a session if and only if the session is named after it, and then \
                its group is too; nobody is born as one",
    source: "ksys_setsid, setpgid (kernel/sys.c), copy_signal (kernel/fork.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot), Need::Fact(Fact::ChangePid)],
    weaker: Some(crate::check::Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
        statement: "whose session is named after it leads it; nobody is born as a leader; the \
                    rest where a process of one thread is read by itself",
    }),
    exceptions: &["setsid sets the flag first, then the session, then the group"],
    trips: "a process says that it leads a session, and is in its parent's",
    near_miss: "a sweep reads a process in the midst of its setsid",
};

/// A task is born.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle) {
    if task.tid == task.tgid {
        let leads = task.bits & bits::SESSION_LEADER != 0;
        cx.test(&RULE, !leads && task.session != task.pid, || {
            finding(task, "a process that leads no session at its birth")
        });
        return;
    }
    read(cx, task, settle, cx.event.header.actor);
}

/// A task is read by another one (a sweep: 0), or by itself.
#[inline]
pub(in crate::check) fn read(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle, by: u64) {
    let leads = task.bits & bits::SESSION_LEADER != 0;
    let own = task.sid == task.tgid;
    if !leads {
        cx.test(&RULE, !own, || finding(task, "the flag of a session's leader"));
        return;
    }
    if !own || task.pgid != task.tgid {
        odd(cx, task, settle, by);
        return;
    }
    let keys = task.session == task.pgrp && (task.tid != task.tgid || task.session == task.pid);
    if cx.is_full(&RULE) && !keys {
        odd(cx, task, settle, by);
        return;
    }
    cx.test(&RULE, true, || finding(task, ""));
}

#[cold]
fn odd(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle, by: u64) {
    let expected = "a session and a group of its own";
    if cx.is_full(&RULE) {
        let ts = cx.event.header.ts;
        settle.differs(&RULE, (task.leader, by), ts, || finding(task, expected));
        return;
    }
    let alone = |id| cx.world.threads(id).len() == 1;
    if by == task.task && cx.world.at_key(by).is_some_and(alone) {
        cx.test(&RULE, false, || finding(task, expected));
    }
}

fn finding(task: &TaskFacts, expected: &str) -> Finding {
    let leads = if task.bits & bits::SESSION_LEADER != 0 { "leads" } else { "does not lead" };
    Finding::new(
        Subject::task_named(task.task, task.tid, task.tgid),
        expected,
        format!("session {}, group {}, {leads}", task.sid, task.pgid),
    )
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, bits},
    };

    #[test]
    fn a_leader_of_no_session_of_its_own_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            if let Body::Fork { task, .. } = &mut script.last().body {
                task.bits |= bits::SESSION_LEADER;
            }
            script.trips(&RULE);
        }
        let mut script = Script::new();
        let child = script.fork(10);
        script.facts(child).bits |= bits::SESSION_LEADER;
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_process_that_is_read_in_the_midst_of_setsid_holds() {
        let mut script = Script::new();
        let child = script.fork(10);
        let before = *script.facts(child);
        script.facts(child).bits |= bits::SESSION_LEADER;
        script.sweep();
        *script.facts(child) = before;
        let end = script.events.pop();
        script.setsid(child);
        let (seq, ts) = (script.events.len() as u32, script.now());
        script.events.extend(end);
        (script.last().header.seq, script.last().header.ts) = (seq, ts);
        script.holds(&RULE);
    }
}
