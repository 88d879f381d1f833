//! Rule 52: what a task does itself, it does before its exit.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    model::TaskId,
};

/// Silence after the exit.
pub(in crate::check) static RULE: Rule = Rule {
    number: 52,
    id: "silent-after-exit",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "After its exit a task makes no task and no namespace, executes nothing, and \
                changes no name, group, session, namespace or credentials; and what only a task \
                itself can do, it does itself.",
    source: "do_exit (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Exit)],
    weaker: None,
    exceptions: &[
        "it may still release itself and its dead children, free pids, let its tracees go, and, \
         as the init of a PID namespace, end that",
    ],
    trips: "a fork by a task that has exited",
    near_miss: "an exited thread releases itself",
};

/// The acting task does something of its own free will.
#[inline]
pub(super) fn acts(cx: &mut Cx<'_>, actor: Option<TaskId>) {
    let Some(actor) = actor else { return };
    let world = cx.world;
    let holds = world.runs(actor) || world.exited_at(actor) == 0 || cx.is_stranger(actor);
    cx.test(&RULE, holds, || {
        Finding::new(Subject::task(world, actor), "nothing of its own", "it acts after its exit")
    });
}

/// A record that only the task itself can cause.
#[inline]
pub(super) fn own(cx: &mut Cx<'_>, task: u64) {
    let (world, actor) = (cx.world, cx.event.header.actor);
    cx.test(&RULE, actor == task, || {
        let named = |id: TaskId| Subject::task(world, id);
        let subject = world.at_key(task).map_or_else(|| Subject::task_named(task, 0, 0), named);
        Finding::new(subject, "the task itself acts", format!("{actor:#x} acts"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_fork_after_the_exit_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.exit(child);
            script.fork(child);
            script.trips(&RULE);
        }
    }

    #[test]
    fn an_exit_by_another_task_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.last().header.actor = script.tasks[&10].facts.task;
        script.trips(&RULE);
        let mut script = Script::new();
        let child = script.fork(10);
        script.exec(child);
        if let Body::Exec(exec) = &mut script.last().body {
            exec.facts.task += 1;
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_thread_that_releases_itself_does_not() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let leader = script.fork(10);
            let thread = script.thread(leader);
            script.exit_as(thread, 0);
            script.release(thread, thread);
            script.exit(leader);
            script.holds(&RULE);
        }
    }
}
