//! Rule 25: the real parents of every task lead to the idle task.

use std::collections::HashSet;

use super::reading::{Reading, is_read};
use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    model::{TaskId, World},
};

/// The two tasks that `rest_init` makes: pid 1 and kthreadd.
const FIRST: i32 = 2;

/// `copy_process`, `find_new_reaper`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 25,
    id: "rooted",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "a task's real parents lead without a cycle to pid 1 or kthreadd, whose parent is \
                the idle task, as no other task's",
    source: "rest_init (init/main.c), copy_process (kernel/fork.c), find_new_reaper (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &["tasks of which only an event that names them, or /proc, has told"],
    trips: "a task other than pid 1 and kthreadd has no parent",
    near_miss: "the init of a PID namespace, whose parent is invisible in it",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let first = facts.tgid <= FIRST;
    let parent = if first { facts.ppid == 0 } else { facts.ppid > 0 && facts.real_parent != 0 };
    let outside = facts.ppid != facts.tgid && facts.real_parent != facts.task;
    cx.test(&RULE, (parent || first && !reading.leads()) && outside, || {
        let known = if first { "the idle task as parent" } else { "a parent of another process" };
        Finding::new(reading.subject(world), known, format!("parent {}", facts.ppid))
    });
}

/// Whether a family ends here: at the first tasks, or where no more is known.
fn ends(world: &World, id: TaskId) -> bool {
    let orphan =
        world.ppid(id) != 0 || world.is_parent_inferred(id) || !world.runs(id) || !world.leads(id);
    let unknown = world.parent(id).is_none() && orphan;
    world.tgid(id) <= FIRST || unknown || !is_read(world, id)
}

/// The whole tables.
pub(in crate::check) fn tables(cx: &mut Cx<'_>) {
    let world = cx.world;
    // each task once: those of an earlier path lead to the root, or have been found not to
    let mut seen = HashSet::new();
    let mut path = HashSet::new();
    for id in world.tasks() {
        path.clear();
        let mut next = Some(id);
        while let Some(at) = next.filter(|&at| !ends(world, at) && !seen.contains(&at)) {
            if !path.insert(at) {
                break;
            }
            next = world.parent(at);
        }
        let holds = next.is_some_and(|at| !path.contains(&at));
        seen.extend(path.iter().copied());
        cx.test(&RULE, holds, || {
            let read = if next.is_some() { "a cycle" } else { "no parent" };
            let subject = Subject::task(world, next.unwrap_or(id));
            Finding::new(subject, "parents that lead to pid 1 or kthreadd", read)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::{Body, bits},
    };

    #[test]
    fn a_task_without_a_parent_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            (task.real_parent, task.ppid) = (0, 0);
            script.trips(&RULE);
        }
    }

    #[test]
    fn parents_in_a_circle_trip_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        let grandchild = script.fork(child);
        let (old, young) = (script.tasks[&child].facts, script.tasks[&grandchild].facts);
        let facts = script.facts(child);
        (facts.real_parent, facts.ppid) = (young.task, young.tgid);
        (facts.parent, facts.parent_tgid) = (young.task, young.tgid);
        let facts = script.facts(grandchild);
        (facts.real_parent, facts.ppid) = (old.task, old.tgid);
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_thread_of_pid_1_has_its_parent() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let thread = script.thread(1);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.bits |= bits::SESSION_LEADER;
            script.facts(thread).bits |= bits::SESSION_LEADER;
            script.sweep();
            script.sweep();
            script.holds(&RULE);
        }
    }

    #[test]
    fn the_init_of_a_namespace_has_a_parent_outside() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
