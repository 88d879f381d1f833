//! Rule 53: of a released task nothing more is told than that its memory is freed.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Body,
    model::{PidState, TaskId, TaskState},
};

/// Silence after the release.
pub(in crate::check) static RULE: Rule = Rule {
    number: 53,
    id: "silent-after-release",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "After its release a task is the object of nothing but the freeing of its memory, \
                and after that it does nothing either.",
    source: "__unhash_process, release_task (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::FreeTask), Need::Fact(Fact::Release)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::FreeTask)],
        statement: "Once its memory is freed, nothing is told of a task any more.",
    }),
    exceptions: &[
        "the release is told before the task leaves the lists: for that moment setpgid and its \
         tracer may still reach it",
        "a sweep or a thread of its group may hold a task beyond its release",
        "a task that was released while it still ran may release others",
    ],
    trips: "an exec by a task that was released",
    near_miss: "a tracer lets go of a task within its release",
};

/// A record tells of something that happens to a task.
#[inline]
pub(super) fn about(cx: &mut Cx<'_>, id: TaskId) {
    let world = cx.world;
    let state = world.state_of(id);
    let gone = match state {
        TaskState::Running | TaskState::Zombie => false,
        TaskState::Released => world.released_at(id) != 0,
        TaskState::Freed => true,
    };
    let holds = !gone || is_late(cx, id, state) || cx.is_stranger(id);
    cx.test(&RULE, holds, || {
        let what = if state == TaskState::Freed { "freed" } else { "released" };
        Finding::new(Subject::task(world, id), "nothing more", format!("it was {what} before"))
    });
}

/// What may reach a task between the record of its release and the end of the release.
#[cold]
fn is_late(cx: &Cx<'_>, id: TaskId, state: TaskState) -> bool {
    let own = cx.event.header.actor == cx.world.key_of(id);
    let pid = cx.world.pid_of(id);
    let hashed = pid.is_none_or(|pid| cx.world.state_of_pid(pid) != PidState::Freed);
    match &cx.event.body {
        Body::Rename(_) => !own,
        Body::ChangePid(_) => !own && hashed && state != TaskState::Freed,
        Body::Ptrace(facts) if facts.tracer == 0 => hashed && state != TaskState::Freed,
        // A tracer that follows forks has the child before its birth is told.
        Body::Ptrace(_) => state == TaskState::Freed,
        _ => false,
    }
}

/// A task acts.
#[inline]
pub(super) fn by(cx: &mut Cx<'_>, actor: Option<TaskId>) {
    let Some(actor) = actor else { return };
    let world = cx.world;
    let holds = world.state_of(actor) != TaskState::Freed || cx.is_stranger(actor);
    cx.test(&RULE, holds, || {
        Finding::new(Subject::task(world, actor), "nothing by a freed task", "it acts")
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Ptrace};

    #[test]
    fn an_exec_by_a_released_task_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.release_only(child, 10);
        script.exec(child);
        script.trips(&RULE);
    }

    #[test]
    fn an_exec_by_a_freed_task_trips_the_weaker_form() {
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        let person = script.tasks[&child].clone();
        script.end(child);
        script.tasks.insert(child, person);
        script.exec(child);
        script.trips(&RULE);
    }

    #[test]
    fn a_tracer_that_lets_go_within_the_release_does_not() {
        let mut script = Script::new();
        let child = script.fork(10);
        let facts = script.tasks[&child].facts;
        let tracer = script.tasks[&10].facts.task;
        let link = |tracer: u64, tracer_tgid: i32| {
            let (task, tid, tgid) = (facts.task, facts.tid, facts.tgid);
            let header = crate::event::Header::default();
            Body::Ptrace(Ptrace { header, task, tracer, tid, tgid, tracer_tgid, pad: 0 })
        };
        script.write(10, 19, link(tracer, 10));
        script.exit(child);
        let person = script.tasks[&child].clone();
        script.release_only(child, 10);
        script.write(10, 19, link(0, 0));
        script.tasks.remove(&child);
        script.free_pid(&person, 10);
        script.free_task(&person);
        script.holds(&RULE);
    }
}
