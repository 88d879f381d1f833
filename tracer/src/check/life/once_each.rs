//! Rule 50: one exit, one release, one free.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    model::{TaskId, TaskState},
};

/// Once each.
pub(in crate::check) static RULE: Rule = Rule {
    number: 50,
    id: "once-each",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A task exits once, is released once, and is freed once.",
    source: "do_exit, wait_task_zombie (the change to EXIT_DEAD), release_task, put_task_struct_rcu_user \
             (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::FreeTask)],
    weaker: None,
    exceptions: &[
        "one call of release_task may release two tasks, a thread and its leader",
        "a task whose end a sweep concluded may end once more when its records come",
    ],
    trips: "two exits of one task",
    near_miss: "the last thread releases itself and then its exited leader",
};

/// `sched_process_exit` of a task that has not exited.
pub(super) fn exit(cx: &mut Cx<'_>, id: TaskId) {
    once(cx, id, cx.world.exited_at(id) == 0, "exited");
}

/// `release_task` of a task that was not released.
pub(super) fn release(cx: &mut Cx<'_>, id: TaskId) {
    let world = cx.world;
    once(cx, id, world.lives(id) || world.released_at(id) == 0, "was released");
}

/// `sched_process_free` of a task that was not freed.
pub(super) fn free_task(cx: &mut Cx<'_>, id: TaskId) {
    once(cx, id, cx.world.state_of(id) != TaskState::Freed, "was freed");
}

fn once(cx: &mut Cx<'_>, id: TaskId, holds: bool, what: &str) {
    let world = cx.world;
    cx.test(&RULE, holds, || {
        Finding::new(Subject::task(world, id), "once", format!("it {what} before"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    #[test]
    fn two_exits_of_one_task_trip_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.exit(child);
            script.exit(child);
            script.trips(&RULE);
        }
    }

    #[test]
    fn two_releases_or_two_frees_of_one_task_trip_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.release_only(child, 10);
        script.release_only(child, 10);
        script.trips(&RULE);
        let mut script = Script::new();
        let child = script.fork(10);
        let person = script.tasks[&child].clone();
        script.end(child);
        script.free_task(&person);
        script.trips(&RULE);
    }

    #[test]
    fn a_leader_that_goes_with_its_last_thread_does_not() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let leader = script.fork(10);
            let thread = script.thread(leader);
            script.exit_as(leader, 0);
            script.exit_as(thread, 1);
            let person = script.tasks[&thread].clone();
            script.release_only(thread, thread);
            script.free_pid(&person, thread);
            script.release(leader, thread);
            script.free_task(&person);
            script.holds(&RULE);
        }
    }
}
