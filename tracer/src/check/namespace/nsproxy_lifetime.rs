//! Rule 38: a task has namespaces until it exits.

use super::{
    setns_unshare::{PLAIN, of},
    test_task,
};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, settle::Settle,
        violation::Finding,
    },
    coverage::Fact,
    event::{NsSet, TaskFacts, bits},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 38,
    id: "nsproxy-lifetime",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task has namespaces (an nsproxy) from its birth to its exit, and makes and enters \
                others only in between",
    source: "copy_namespaces, exit_task_namespaces (kernel/nsproxy.c), do_exit (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit), Need::Fact(Fact::Snapshot)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Snapshot)],
        statement: "a task that has become a zombie has no namespaces",
    }),
    exceptions: &["a sweep may read a task between its exit and the loss of its nsproxy"],
    trips: "a task without namespaces is born",
    near_miss: "a sweep finds a task without namespaces, whose exit is told right after",
};

/// A task is born, or reads itself.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts) {
    let holds = task.bits & bits::HAS_NSPROXY != 0 && task.for_children != 0;
    test_task(cx, &RULE, holds, task, "an nsproxy", || "none".to_owned());
}

/// A sweep reads a task.
#[inline]
pub(in crate::check) fn read(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle) {
    let has = task.bits & bits::HAS_NSPROXY != 0;
    // both were read of the same nsproxy
    let bare =
        has || task.for_children == 0 && PLAIN.into_iter().all(|kind| of(&task.ns, kind) == 0);
    cx.test_alone(&RULE, bare, || {
        let subject = Subject::task_named(task.task, task.tid, task.tgid);
        Finding::new(subject, "no namespaces without an nsproxy", format!("{:?}", task.ns))
    });
    if task.exit_state != 0 {
        test_task(cx, &RULE, !has, task, "no nsproxy of a zombie", || "one".to_owned());
        return;
    }
    let known = cx.world.at_key(task.task);
    let runs = known.is_some_and(|id| cx.world.runs(id));
    if !runs || !cx.is_certain() {
        return;
    }
    if has && task.for_children != 0 {
        test_task(cx, &RULE, true, task, "", String::new);
        return;
    }
    settle.differs(&RULE, (task.task, 0), cx.event.header.ts, || {
        let subject = Subject::task_named(task.task, task.tid, task.tgid);
        Finding::new(subject, "an nsproxy until its exit", "none")
    });
}

/// A task makes namespaces or enters them.
pub(in crate::check) fn switch(cx: &mut Cx<'_>, facts: &NsSet) {
    let world = cx.world;
    let Some(task) = world.at_key(facts.task) else { return };
    let holds = world.runs(task);
    cx.test(&RULE, holds, || {
        let subject = Subject::task(world, task);
        Finding::new(subject, "a task that has not exited", "namespaces made or entered")
    });
}

#[cfg(test)]
mod tests {
    use super::{PLAIN, RULE};
    use crate::{
        check::tests::script::Script,
        event::{Body, bits},
    };

    #[test]
    fn a_task_without_namespaces_at_its_birth_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            if let Body::Fork { task, .. } = &mut script.last().body {
                task.bits &= !bits::HAS_NSPROXY;
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn namespaces_that_are_entered_after_the_exit_trip() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.enter(child);
        script.trips(&RULE);
    }

    fn without() -> (Script, i32) {
        let mut script = Script::new();
        let child = script.fork(10);
        let before = *script.facts(child);
        script.facts(child).bits &= !bits::HAS_NSPROXY;
        script.facts(child).for_children = 0;
        script.facts(child).for_children_inum = 0;
        for kind in PLAIN {
            script.facts(child).ns[kind.index()] = 0;
        }
        script.sweep();
        *script.facts(child) = before;
        (script, child)
    }

    #[test]
    fn a_task_that_loses_its_namespaces_and_lives_trips() {
        without().0.trips(&RULE);
    }

    #[test]
    fn a_task_that_is_about_to_exit_holds() {
        let (mut script, child) = without();
        let end = script.events.pop();
        script.exit(child);
        script.append(end.unwrap());
        script.holds(&RULE);
    }
}
