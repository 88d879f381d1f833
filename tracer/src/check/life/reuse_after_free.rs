//! Rule 59: numbers and memory are used again only after they were freed.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{PidFacts, TaskFacts, Upid, Vector},
    model::{PidId, TaskId, TaskState, World},
};

/// Reuse after free.
pub(in crate::check) static RULE: Rule = Rule {
    number: 59,
    id: "reuse-after-free",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A number and a struct pid are used again only after the freeing of the pid that \
                had them, and a task_struct only after the release of its task.",
    source: "free_pid, idr_remove (kernel/pid.c), delayed_put_task_struct (kernel/exit.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid), Need::Fact(Fact::Release)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
        statement: "A number and a task_struct are used again only after the exit of the task that \
                    had them.",
    }),
    exceptions: &[
        "a number is mostly used again before the memory of its last task is freed",
        "a sweep may show a group's or session's pid a moment after its freeing",
    ],
    trips: "the number of a running task is given to another",
    near_miss: "a number is used again before its last task's memory is freed",
};

/// `alloc_pid`: neither the object nor a number of it is in use.
pub(super) fn alloc(cx: &mut Cx<'_>, known: &Known, facts: &PidFacts) {
    let world = cx.world;
    let old = world.pid_at(facts.pid.0).and_then(|pid| Some((pid, world.live_holder(pid)?)));
    let old = old.filter(|&(_, task)| known.met(world, task));
    cx.test(&RULE, old.is_none(), || {
        Finding::new(
            Subject::pid_named(facts.pid.0, facts.vector.iter().map(|upid| upid.nr)),
            "the freeing of the pid at this address before",
            old.map_or(String::new(), |(_, task)| format!("{} has it", world.tid(task))),
        )
    });
    let full = cx.is_full(&RULE);
    numbers(cx, known, (facts.pid.0, &facts.vector), full);
}

/// `task_newtask`: the task that was at this address has ended; without `alloc_pid`, the numbers too.
pub(super) fn fork(
    cx: &mut Cx<'_>,
    (known, sees): (&Known, Sees),
    task: &TaskFacts,
    vector: &Vector,
) {
    if task.tid <= 0 {
        return; // an idle task
    }
    let world = cx.world;
    if let Some(old) = world.at_key(task.task) {
        // the tracepoint of the freeing misses a run now and then, and tells no loss
        let freed = match world.state_of(old) {
            TaskState::Running | TaskState::Zombie if world.tid(old) == task.tid => true,
            TaskState::Running => !known.met(world, old),
            TaskState::Zombie => !sees.release || !known.met(world, old),
            TaskState::Released | TaskState::Freed => true,
        };
        cx.test(&RULE, freed, || {
            Finding::new(
                Subject::task(world, old),
                "its end before another task has its memory",
                format!("the birth of {}", task.tid),
            )
        });
    }
    if !cx.is_full(&RULE) {
        numbers(cx, known, (task.pid, vector), false);
    }
}

fn numbers(cx: &mut Cx<'_>, known: &Known, (key, vector): (u64, &Vector), full: bool) {
    let world = cx.world;
    for upid in vector.iter() {
        let found = holder(world, key, upid)
            .filter(|&(_, task)| known.met(world, task) && (full || world.runs(task)));
        cx.test(&RULE, found.is_none(), || {
            let tid = found.map_or(0, |(_, task)| world.tid(task));
            Finding::new(
                Subject::pid_named(key, vector.iter().map(|upid| upid.nr)),
                format!("number {} in {} is free", upid.nr, upid.inum),
                format!("{tid} has it"),
            )
        });
    }
}

/// The unreleased task that has a number, if its pid is another one than this.
#[inline]
fn holder(world: &World, key: u64, upid: &Upid) -> Option<(PidId, TaskId)> {
    let pid = world.find_pid_ns(upid.nr, world.ns_at(upid.ns)?)?;
    if world.key_of_pid(pid) == key {
        return None;
    }
    Some((pid, world.live_holder(pid)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn the_number_of_a_running_task_given_to_another_trips_both_forms() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let first = script.fork(10);
            let from = script.events.len();
            script.fork(10);
            for event in &mut script.events[from..] {
                let vector = match &mut event.body {
                    Body::AllocPid(facts) => &mut facts.vector,
                    Body::Fork { task, vector, .. } => {
                        (task.tid, task.tgid) = (first, first);
                        vector
                    }
                    _ => continue,
                };
                let upid = Upid { nr: first, ..vector[0] };
                *vector = Vector::new(&[upid]).unwrap();
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_task_at_the_address_of_one_that_is_not_released_trips_it() {
        let mut script = Script::new();
        let first = script.fork(10);
        let key = script.tasks[&first].facts.task;
        script.exit(first);
        script.fork(10);
        if let Body::Fork { task, .. } = &mut script.last().body {
            (task.task, task.leader) = (key, key);
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_number_used_before_the_memory_is_freed_does_not() {
        let mut script = Script::new();
        let first = script.fork(10);
        let person = script.tasks[&first].clone();
        script.exit(first);
        script.release_only(first, 10);
        script.free_pid(&person, 10);
        script.tasks.remove(&first);
        script.again(first);
        assert_eq!(script.fork(10), first);
        script.free_task(&person);
        script.holds(&RULE);
    }

    #[test]
    fn a_number_that_was_freed_is_given_again() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        script.reuse(child);
        script.fork(10);
        script.holds(&RULE);
    }
}
