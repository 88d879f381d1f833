//! Rule 37: children are born in their parent's PID namespace or below it.

use super::{is_below, test_task};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, settle::Settle,
        violation::Finding,
    },
    coverage::Fact,
    event::{ForkFail, TaskFacts, Vector, bits},
    model::World,
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 37,
    id: "for-children",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the PID namespace for a task's children is its own or one below, and its own at \
                first; only its own unshare and setns change it",
    source: "copy_pid_ns, pidns_install (kernel/pid_namespace.c), switch_task_namespaces \
             (kernel/nsproxy.c)",
    needs: &[
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::NsEnter),
        Need::Fact(Fact::NsDestroy),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
        statement: "a new task's children will be born in its own PID namespace; a task's own \
                    namespace is that of its deepest number",
    }),
    exceptions: &["a sweep may read a task while it changes its namespaces, or exits"],
    trips: "a sweep finds another namespace for a task's children, and it never called setns",
    near_miss: "a task calls setns while a sweep reads it",
};

/// The namespace that a task itself is in, told twice.
#[inline]
pub(in crate::check) fn own(cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
    let Some(own) = vector.own() else { return };
    let [_, _, _, _, _, active, ..] = task.ns;
    let same = task.for_children != own.ns || task.for_children_inum == own.inum;
    let holds = active == own.inum && same && task.level as usize + 1 == vector.len();
    cx.test_alone(&RULE, holds, || {
        let read = format!("{active} for {}, children in {}", own.inum, task.for_children_inum);
        let subject = Subject::task_named(task.task, task.tid, task.tgid);
        Finding::new(subject, "the namespace of its deepest number", read)
    });
}

/// A task is born.
#[inline]
pub(in crate::check) fn born(cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
    let holds = vector.own().is_some_and(|own| own.ns == task.for_children);
    test_task(cx, &RULE, holds, task, "children in its own PID namespace at first", || {
        format!("children in {}", task.for_children_inum)
    });
}

/// Whether what is read of a task fits the tables.
fn fits(world: &World, task: &TaskFacts, vector: &Vector) -> bool {
    let known = world.at_key(task.task).filter(|&id| world.runs(id));
    let had = known.and_then(|id| world.for_children(id));
    if had.is_some_and(|had| world.key_of_ns(had) != task.for_children) {
        return false;
    }
    let Some(own) = vector.own().filter(|own| own.ns != task.for_children) else { return true };
    let Some((ns, own)) = world.ns_at(task.for_children).zip(world.ns_at(own.ns)) else {
        return true;
    };
    let inum = world.ns(ns).inum;
    (inum == task.for_children_inum || inum == 0) && is_below(world, ns, own) != Some(false)
}

/// A task is read by a sweep (0), or by itself.
#[inline]
pub(in crate::check) fn read(
    cx: &mut Cx<'_>,
    task: &TaskFacts,
    vector: &Vector,
    settle: &mut Settle,
    by: u64,
) {
    if task.bits & bits::HAS_NSPROXY == 0 || !cx.is_full(&RULE) {
        return;
    }
    let running = cx.world.at_key(task.task).is_some_and(|id| cx.world.runs(id));
    if !running || !cx.is_certain() {
        return;
    }
    if fits(cx.world, task, vector) {
        test_task(cx, &RULE, true, task, "", String::new);
        return;
    }
    settle.differs(&RULE, (task.task, by), cx.event.header.ts, || {
        Finding::new(
            Subject::task_named(task.task, task.tid, task.tgid),
            "children in the PID namespace that it has chosen, its own or one below",
            format!("children in {}", task.for_children_inum),
        )
    });
}

/// A fork failed: the record names where the child was to be born.
pub(in crate::check) fn fork_fail(cx: &mut Cx<'_>, facts: &ForkFail, settle: &Settle) {
    let (world, header) = (cx.world, &cx.event.header);
    let Some(caller) = world.at_key(header.actor).filter(|&id| world.runs(id)) else { return };
    let Some(ns) = world.for_children(caller).filter(|_| !settle.doubts(header.actor)) else {
        return;
    };
    let inum = world.ns(ns).inum;
    let holds = world.key_of_ns(ns) == facts.ns && (inum == facts.inum || inum == 0);
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task(world, caller),
            format!("children in {inum}"),
            format!("a fork into {} failed", facts.inum),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    fn elsewhere() -> (Script, i32) {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let child = script.fork(10);
        let inner = *script.facts(init);
        script.facts(child).for_children = inner.for_children;
        script.facts(child).for_children_inum = inner.for_children_inum;
        script.sweep();
        (script, child)
    }

    #[test]
    fn another_namespace_for_children_without_a_call_trips() {
        elsewhere().0.trips(&RULE);
    }

    #[test]
    fn a_child_whose_children_go_elsewhere_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            if let Body::Fork { task, .. } = &mut script.last().body {
                task.for_children += 1;
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_call_while_a_sweep_reads_holds() {
        let (mut script, child) = elsewhere();
        let end = script.events.pop();
        script.enter(child);
        script.append(end.unwrap());
        script.sweep();
        script.holds(&RULE);
    }
}
