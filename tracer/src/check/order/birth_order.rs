//! Rule 43: a pid is allocated, then its task is born, then the task acts.

use super::{birth::Birth, callers::Callers};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    model::{Certainty, PidState, TaskId},
};

/// How far the clocks that are read may differ, ns.
const SKEW: u64 = 1_000_000;

/// The order of `copy_process`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 43,
    id: "birth-order",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task is born once, with the pid that its maker has just allocated, started \
                between the two; nothing is told of it before, but what others do to it",
    source: "copy_process, kernel_clone (kernel/fork.c), alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid)],
    weaker: Some(Weaker {
        needs: &[],
        statement: "a task is born once and acts only after it, and is started after its maker",
    }),
    exceptions: &[
        "a sweep, a setpgid or a tracer that comes between the attaching of a task and its birth's \
         record",
        "a fork that was under way when the hooks were attached",
        "a thread that a sweep has passed by as its exec took its leader's number",
    ],
    trips: "a task is born with a pid that its maker has not allocated",
    near_miss: "the same number is used for one task after the other",
};

/// Who acts has been born.
#[inline]
pub(in crate::check) fn actor(cx: &mut Cx<'_>) {
    let header = &cx.event.header;
    let world = cx.world;
    if header.actor == 0 || header.actor_tid <= 0 {
        return;
    }
    let holds = world.at_key(header.actor).is_some() || cx.hides() || {
        // told of by number only, or just taking its leader's
        let nameless = world.find_task(header.actor_tid).is_some_and(|id| world.key_of(id) == 0);
        let leader = world.find_task(header.actor_tgid);
        nameless || header.actor_tgid == 1 || leader.is_some_and(|leader| !world.runs(leader))
    };
    cx.test(&RULE, holds, || {
        let subject = Subject::task_named(header.actor, header.actor_tid, header.actor_tgid);
        Finding::new(subject, "a task that was born acts", "nothing has told of it")
    });
}

/// A record by another, about a task.
pub(in crate::check) fn about(cx: &mut Cx<'_>, task: u64, tid: i32) {
    let world = cx.world;
    if cx.event.header.actor == task || world.at_key(task).is_some() || !cx.is_full(&RULE) {
        return;
    }
    let pid = world.root_ns().and_then(|root| world.find_pid_ns(tid, root));
    let holder = pid.and_then(|pid| world.live_holder(pid));
    // about to be born, told of by number only, or in the midst of an exec
    let allocated = pid.is_some_and(|pid| world.state_of_pid(pid) == PidState::Allocated);
    let known = holder.is_some_and(|id| world.key_of(id) == 0 || world.threads(id).len() > 1);
    cx.test(&RULE, allocated || known, || {
        let subject = Subject::task_named(task, tid, tid);
        Finding::new(subject, "a task that was born", "nothing has told of it")
    });
}

/// A birth by a task of which is not remembered what it is in the midst of: one that was born under
/// the eyes of the hooks has allocated the pid.
#[cold]
fn unknown(cx: &mut Cx<'_>, birth: &Birth<'_>, lost: u64) {
    let world = cx.world;
    let seen =
        |&id: &TaskId| world.certainty_of(id) == Certainty::Observed && world.born_at(id) > lost;
    if !birth.caller.as_ref().is_some_and(seen) {
        return;
    }
    // a sweep may have shown the task already
    let pid = world.pid_at(birth.facts.pid);
    let allocated = pid.is_some_and(|pid| world.allocated_at(pid) != 0);
    cx.test(&RULE, allocated, || {
        let read = format!("that of {}", birth.facts.tid);
        Finding::new(birth.subject(), "a pid is allocated first", read)
    });
}

/// A birth.
pub(in crate::check) fn fork(cx: &mut Cx<'_>, callers: &Callers, birth: &Birth<'_>, lost: u64) {
    let (world, header, facts) = (cx.world, &cx.event.header, birth.facts);
    let known = world.at_key(facts.task).filter(|&id| world.lives(id) && !world.may_be_freed(id));
    let again = known.is_some_and(|id| world.certainty_of(id) == Certainty::Observed);
    cx.test_if(again, &RULE, !again && facts.exit_state == 0, || {
        let read = if again { "it was born before" } else { "it has exited" };
        Finding::new(birth.subject(), "a task is born once, and lives", read)
    });
    let call = callers.get(header.actor).filter(|_| cx.is_full(&RULE));
    if let Some(call) = call {
        let holds = call.pid == facts.pid && call.nr == facts.tid;
        // births are attached before numbers: who has allocated one makes a task with it
        cx.test_if(call.pid != 0, &RULE, holds, || {
            let known = match call.nr {
                0 => "a pid is allocated first".to_owned(),
                nr => format!("the pid of {nr}, which its maker has allocated"),
            };
            Finding::new(birth.subject(), known, format!("that of {}", facts.tid))
        });
    }
    if call.is_none() && cx.is_full(&RULE) && cx.is_certain() {
        unknown(cx, birth, lost);
    }
    let own = birth.vector.first().is_some_and(|upid| upid.nr == facts.tid);
    let deep = facts.level as usize + 1 == birth.vector.len();
    cx.test_alone(&RULE, own && deep, || {
        let nrs: Vec<_> = birth.vector.iter().map(|upid| upid.nr).collect();
        let read = format!("{nrs:?} at level {}", facts.level);
        Finding::new(birth.subject(), format!("the numbers of {}", facts.tid), read)
    });
    let made = birth.caller.map_or(0, |caller| world.start_of(caller));
    let allocated = call.map_or(0, |call| call.since);
    let from = made.max(allocated).saturating_sub(SKEW);
    let to = header.ts.saturating_add(SKEW);
    cx.test(&RULE, (from..=to).contains(&facts.start), || {
        let read = format!("started at {}", facts.start);
        Finding::new(birth.subject(), format!("started from {from} to {to}"), read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_birth_without_its_allocation_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.fork(child);
        script.fork(child);
        script.hide(1);
        script.trips(&RULE);
    }

    #[test]
    fn an_act_before_birth_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.fork(child);
            let alloc = usize::from(script.is_full());
            script.hide(1 + alloc);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_second_birth_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, vector, flags } = script.last().body.clone() else { panic!() };
            script.write(10, 1, Body::Fork { task, vector, flags });
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_start_after_birth_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.start += 10_000_000;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_number_may_be_used_again() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.end(child);
            script.rewind();
            let again = script.fork(10);
            assert_eq!(child, again);
            script.fork(again);
            script.holds(&RULE);
        }
    }

    #[test]
    fn a_task_at_the_place_of_an_exited_one_whose_freeing_was_missed_does_not() {
        for exits in [true, false] {
            let mut script = Script::tracepoints();
            let first = script.fork(10);
            let key = script.tasks[&first].facts.task;
            if exits {
                script.exit(first);
            }
            let second = script.fork(10);
            let facts = script.facts(second);
            (facts.task, facts.leader) = (key, key);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            (task.task, task.leader) = (key, key);
            if exits {
                script.holds(&RULE);
            } else {
                script.trips(&RULE);
            }
        }
    }
}
