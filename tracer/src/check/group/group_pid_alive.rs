//! Rule 30: the pid of a group or a session is in use as long as it has members.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{ChangePid, FreePid, TaskFacts},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 30,
    id: "group-pid-alive",
    group: Group::Group,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the pid that names a process group or a session is in use while a process is in \
                it, even if its own task is gone",
    source: "attach_pid, __change_pid, free_pid (kernel/pid.c)",
    needs: &[
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::ChangePid),
        Need::Fact(Fact::FreePid),
    ],
    weaker: None,
    exceptions: &["init_struct_pid, with the number 0, is never freed"],
    trips: "the pid of a process group is freed while a process is in it",
    near_miss: "the first process of a group is reaped, and its pid lives on for the others",
};

fn is_live(cx: &Cx<'_>, key: u64, nr: i32) -> bool {
    if nr == 0 {
        return key != 0;
    }
    cx.world.pid_at(key).is_some_and(|pid| cx.world.nr(pid) == nr)
}

/// A process is born.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts) {
    if !cx.is_full(&RULE) {
        return;
    }
    for (key, nr, what) in
        [(task.pgrp, task.pgid, "process group"), (task.session, task.sid, "session")]
    {
        let holds = is_live(cx, key, nr);
        cx.test(&RULE, holds, || {
            Finding::new(
                Subject::task_named(task.task, task.tid, task.tgid),
                format!("a {what} whose pid is in use"),
                format!("{what} {nr}"),
            )
        });
    }
}

/// A process gets another group or session.
pub(in crate::check) fn change(cx: &mut Cx<'_>, facts: &ChangePid) {
    let holds = is_live(cx, facts.pid, facts.nr);
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task_named(facts.task, facts.tid, facts.tid),
            "a group or session whose pid is in use",
            format!("{}", facts.nr),
        )
    });
}

/// A pid is freed.
#[inline]
pub(in crate::check) fn free(cx: &mut Cx<'_>, facts: &FreePid) {
    let Some(pid) = cx.world.pid_at(facts.pid) else { return };
    let users = cx.world.users(pid);
    let world = cx.world;
    cx.test(&RULE, users == [0, 0], || {
        let [group, session] = users;
        Finding::new(
            Subject::pid(world, pid),
            "in use, as it has members",
            format!("freed with {group} processes in its group, {session} in its session"),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::Script;

    #[test]
    fn a_group_that_loses_its_pid_trips() {
        let mut script = Script::new();
        let first = script.fork(10);
        script.change_pid(first, first, 2, first);
        script.fork(first);
        script.exit(first);
        let person = script.tasks[&first].clone();
        script.release_only(first, 10);
        script.free_pid(&person, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_that_lives_on_for_its_group_holds() {
        let mut script = Script::new();
        let first = script.fork(10);
        script.change_pid(first, first, 2, first);
        let member = script.fork(first);
        script.end(first);
        script.fork(member);
        script.holds(&RULE);
    }
}
