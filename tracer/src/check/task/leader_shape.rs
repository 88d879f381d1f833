//! Rule 19: who leads a group, and only who does, has its number, itself as leader, and a signal.

use super::{doubts::Doubts, reading::Reading};
use crate::check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding};

/// `SIGCHLD`: what an orphan's parent gets, and an exec's.
const SIGCHLD: i32 = 17;

/// `thread_group_leader`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 19,
    id: "leader-shape",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task leads its group if and only if its tid is its tgid, it is its own leader, \
                and its exit signal is none below zero, which changes to SIGCHLD only",
    source: "copy_process (kernel/fork.c), de_thread (fs/exec.c), reparent_leader (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &["a task is read while an exec makes another thread the leader"],
    trips: "a thread has an exit signal",
    near_miss: "an exec by a thread, which leads from then on",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let leads = reading.leads();
    let itself = (facts.leader == facts.task) == leads;
    let signal =
        if leads { (0..=64).contains(&facts.exit_signal) } else { facts.exit_signal == -1 };
    doubts.test(
        cx,
        &RULE,
        itself && signal,
        || reading.swap(world),
        || {
            let who = if leads { "a leader" } else { "no leader" };
            let leader = if facts.leader == facts.task { "itself" } else { "another" };
            let read = format!("{leader} leads it, exit signal {}", facts.exit_signal);
            Finding::new(
                reading.subject(world),
                format!("{}/{}: {who}", facts.tgid, facts.tid),
                read,
            )
        },
    );
    let Some(id) = reading.read_before(world).filter(|_| leads) else { return };
    let known = world.exit_signal_of(id);
    let same = facts.exit_signal == known || facts.exit_signal == SIGCHLD;
    doubts.test(
        cx,
        &RULE,
        same,
        || reading.swap(world),
        || {
            let read = format!("exit signal {}", facts.exit_signal);
            Finding::new(reading.subject(world), format!("exit signal {known}"), read)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_thread_with_an_exit_signal_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.exit_signal = 17;
            script.trips(&RULE);
        }
    }

    #[test]
    fn an_exec_by_a_thread_makes_it_the_leader() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.exec_by_thread(thread);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
