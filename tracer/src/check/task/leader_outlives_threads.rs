//! Rule 21: a leader is released last of its group.

use super::reading::live;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{FreeTask, Release},
};

/// `delay_group_leader`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 21,
    id: "leader-outlives-threads",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a leader is released only when all other threads of its group are, and only by \
                then may it be gone",
    source: "wait_consider_task, exit_notify, release_task (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Release), Need::Fact(Fact::ExchangeTids)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::FreeTask), Need::Fact(Fact::Exit)],
        statement: "a leader is freed only when all other threads of its group have exited",
    }),
    exceptions: &["an exec by a thread: its old leader leads no more when it is released"],
    trips: "a leader is released while a thread of its group is not",
    near_miss: "a leader exits first, and is released after its thread",
};

/// A release.
#[inline]
pub(in crate::check) fn release(cx: &mut Cx<'_>, facts: &Release) {
    let world = cx.world;
    let leader = live(world, facts.task).filter(|&id| facts.tid == facts.tgid && world.leads(id));
    let Some(id) = leader.filter(|_| cx.is_full(&RULE)) else { return };
    let others = world.threads(id).len().saturating_sub(1);
    cx.test(&RULE, others == 0, || {
        let read = format!("{others} threads of its group are not released");
        Finding::new(Subject::task(world, id), "a leader is released last", read)
    });
}

/// The memory of a task is freed.
#[inline]
pub(in crate::check) fn free_task(cx: &mut Cx<'_>, facts: &FreeTask) {
    let world = cx.world;
    if facts.tid != facts.tgid {
        return;
    }
    let Some(id) = world.at_key(facts.task).filter(|&id| world.leads(id)) else { return };
    let running = world.running(id).saturating_sub(u32::from(world.runs(id)));
    cx.test(&RULE, running == 0, || {
        let read = format!("{running} threads of its group have not exited");
        Finding::new(Subject::task(world, id), "a leader is freed last", read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::Script;

    #[test]
    fn a_leader_that_is_gone_before_its_thread_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            script.exit_as(child, 0);
            script.release(child, 10);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_leader_may_exit_first() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.exit_as(child, 0);
            script.exit_as(thread, 1);
            script.release(thread, thread);
            script.release(child, 10);
            script.holds(&RULE);
        }
    }
}
