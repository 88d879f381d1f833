//! Rule 55: who releases itself.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{Release, TaskFacts},
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
        "an exec makes the signal SIGCHLD, also one that fails half-way",
        "a child that was handed on sends SIGCHLD, whatever it sent before",
        "since 7.1 a process may be made to release itself (CLONE_AUTOREAP)",
    ],
    trips: "a child whose exit signal is not SIGCHLD releases itself",
    near_miss: "a child of a parent that ignores SIGCHLD releases itself",
};

const SIGCHLD: i32 = 17;
const SIGSEGV: i32 = 11;

/// Processes with another signal that are remembered, at most.
const KEPT: usize = 256;

/// Processes whose death sends another signal than SIGCHLD while their first parent lives.
#[derive(Clone, Debug, Default)]
pub(super) struct Others {
    /// Their key, their first parent's, and the signal.
    kept: Vec<(u64, u64, i32)>,
}

impl Others {
    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.kept.clear();
    }

    /// A task is born.
    #[inline]
    pub(super) fn fork(&mut self, task: &TaskFacts) {
        if !self.kept.is_empty() {
            self.kept.retain(|&(key, ..)| key != task.task);
        }
        let odd = task.exit_signal != SIGCHLD && task.tid == task.tgid;
        if odd && self.kept.len() < KEPT {
            self.kept.push((task.task, task.real_parent, task.exit_signal));
        }
    }

    /// An exec makes it SIGCHLD.
    #[inline]
    pub(super) fn exec(&mut self, task: u64) {
        if !self.kept.is_empty() {
            self.kept.retain(|&(key, ..)| key != task);
        }
    }

    /// `release_task`.
    pub(super) fn release(
        &mut self,
        cx: &mut Cx<'_>,
        known: &Known,
        sees: Sees,
        id: TaskId,
        facts: &Release,
    ) {
        let own = cx.event.header.actor == facts.task;
        let at = self.kept.iter().position(|&(key, ..)| key == facts.task);
        let Some((_, maker, signal)) = at.map(|at| self.kept.swap_remove(at)) else {
            cx.book.held(&RULE, 1);
            return;
        };
        let world = cx.world;
        if sees.autoreap || !known.whole(world, id) || world.is_grouped(id) {
            return;
        }
        let settled = !world.is_parent_inferred(id) && world.tracer(id).is_none();
        // a process that was handed on sends SIGCHLD
        let first = maker == facts.real_parent
            && world.parent(id).is_some_and(|parent| {
                world.key_of(parent) == maker && world.start_of(parent) < world.start_of(id)
            });
        let failed = facts.code & 0x7f == SIGSEGV; // an exec has failed half-way
        cx.test(&RULE, !own || !settled || !first || failed, || {
            Finding::new(
                Subject::task(world, id),
                format!("a zombie until its parent waits (its exit signal is {signal})"),
                "it releases itself",
            )
        });
    }
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
