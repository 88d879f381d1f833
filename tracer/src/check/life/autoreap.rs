//! Rule 55: who releases itself.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Release,
    model::TaskId,
};

/// Tasks that release themselves.
pub(in crate::check) static RULE: Rule = Rule {
    number: 55,
    id: "autoreap",
    group: Group::Life,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "A thread that nobody traces releases itself; a leader does so only where its death \
                would send SIGCHLD to a parent that ignores it (before 7.1; what a parent ignores \
                is not read).",
    source: "exit_notify, do_notify_parent (kernel/exit.c, kernel/signal.c)",
    needs: &[
        Need::Fact(Fact::Release),
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::PtraceLink),
    ],
    weaker: None,
    exceptions: &[
        "a leader that an exec has replaced is released by its successor",
        "a child that was handed on sends SIGCHLD, whatever it sent before",
        "since 7.1 a process may be made to release itself (CLONE_AUTOREAP)",
    ],
    trips: "a child whose exit signal is not SIGCHLD releases itself",
    near_miss: "a child of a parent that ignores SIGCHLD releases itself",
};

const SIGCHLD: i32 = 17;

/// `release_task`.
pub(super) fn release(cx: &mut Cx<'_>, known: &Known, sees: Sees, id: TaskId, facts: &Release) {
    let world = cx.world;
    if sees.autoreap || !known.whole(world, id) || world.is_grouped(id) {
        return;
    }
    let own = cx.event.header.actor == facts.task;
    let signal = world.exit_signal_of(id);
    let settled = !world.is_parent_inferred(id) && world.tracer(id).is_none();
    let first = world.parent(id).is_some_and(|parent| {
        world.key_of(parent) == facts.real_parent && world.start_of(parent) < world.start_of(id)
    });
    cx.test(&RULE, !own || signal == SIGCHLD || !settled || !first, || {
        Finding::new(
            Subject::task(world, id),
            format!("a zombie until its parent waits (its exit signal is {signal})"),
            "it releases itself",
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    fn ends_itself(exit_signal: i32) -> Script {
        let mut script = Script::new();
        let child = script.fork(10);
        if let Body::Fork { task, .. } = &mut script.last().body {
            task.exit_signal = exit_signal;
        }
        script.exit(child);
        script.release(child, child);
        script
    }

    #[test]
    fn a_child_with_another_signal_that_releases_itself_trips_it() {
        ends_itself(10).trips(&RULE);
    }

    #[test]
    fn a_child_whose_parent_ignores_sigchld_does_not() {
        ends_itself(SIGCHLD).holds(&RULE);
    }
}
