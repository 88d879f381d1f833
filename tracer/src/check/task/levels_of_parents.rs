//! Rule 23: a parent's PID namespace is that of its child, or one above it.

use super::reading::{Reading, live};
use crate::check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding};

/// Forks go down, and orphans stay in their father's namespace.
pub(in crate::check) static RULE: Rule = Rule {
    number: 23,
    id: "levels-of-parents",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the PID namespace of a task's real parent is the task's own or an ancestor of it",
    source: "copy_process (kernel/fork.c), pidns_install (kernel/pid_namespace.c), find_new_reaper \
             (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &["pid 1 and kthreadd, whose parent is the idle task"],
    trips: "a task on level 0 has a parent in a nested namespace",
    near_miss: "a namespace's init has a parent outside",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let Some(parent) = live(world, facts.real_parent) else { return };
    let Some(pid) = world.pid_of(parent) else { return };
    let numbers = world.numbers(pid);
    let above = |(&(ns, _), upid): (&(Option<_>, i32), &crate::event::Upid)| {
        let key = ns.map_or(0, |ns| world.key_of_ns(ns));
        key == 0 || key == upid.ns
    };
    let holds =
        numbers.len() <= reading.vector.len() && numbers.iter().zip(reading.vector).all(above);
    cx.test(&RULE, holds, || {
        let known = format!("a namespace at or above that of {}", facts.tid);
        let read = format!("parent {} at level {}", facts.ppid, numbers.len().wrapping_sub(1));
        Finding::new(reading.subject(world), known, read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_parent_in_a_deeper_namespace_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let init = script.tasks[&init].facts;
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            (task.real_parent, task.ppid) = (init.task, init.tgid);
            script.trips(&RULE);
        }
    }

    #[test]
    fn an_inits_parent_is_outside() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
