//! What a rule sees when it is tested.

use super::{Rule, book::Book, violation::Finding};
use crate::{
    event::{Body, Event},
    model::{Certainty, TaskId, TaskState, World},
};

/// An event, the tables, and the book that the tests go into.
pub(super) struct Cx<'a> {
    /// The tables: before the event in `before`, with it in `after`.
    pub(super) world: &'a World,
    /// The event.
    pub(super) event: &'a Event,
    /// A task tells of itself or of another, as most records do: it is of no sweep, of no RCU callback,
    /// and not added by user space.
    pub(super) plain: bool,
    /// What came of the tests.
    pub(super) book: &'a mut Book,
}

/// Whether a record is a plain one, see [`Cx`].
#[inline]
pub(super) fn is_plain(body: &Body) -> bool {
    matches!(
        body,
        Body::Fork { .. }
            | Body::Update { .. }
            | Body::AllocPid(_)
            | Body::AllocFail(_)
            | Body::ForkFail(_)
            | Body::FreePid(_)
            | Body::ChangePid(_)
            | Body::ExchangeTids(_)
            | Body::Exec(_)
            | Body::Rename(_)
            | Body::Exit(_)
            | Body::Release(_)
            | Body::Cred(_)
            | Body::Ptrace(_)
            | Body::Syscall(_)
    )
}

impl Cx<'_> {
    /// One test of a rule: whether it holds, and if not, what is wrong. While the tables are in
    /// doubt a failed test is no violation.
    #[inline]
    pub(super) fn test(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.book.test(rule, holds, finding);
    }

    /// One test of what a record says by itself, or of the stream: it needs no tables.
    #[inline]
    pub(super) fn test_alone(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.book.test_alone(rule, holds, finding);
    }

    /// One test of what hooks have told alone: it needs no sweep, only that nothing was lost.
    #[inline]
    pub(super) fn test_told(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.book.test_told(rule, holds, finding);
    }

    /// One test that, where `told`, rests on births that the hooks have told, and on no sweep.
    #[inline]
    pub(super) fn test_if(
        &mut self,
        told: bool,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        if told {
            self.book.test_told(rule, holds, finding);
        } else {
            self.book.test(rule, holds, finding);
        }
    }

    /// The hooks have told of a task's birth, and so of all that came of it since, though no sweep
    /// may have completed yet.
    #[cold]
    pub(super) fn was_born(&self, task: TaskId) -> bool {
        self.is_early() && self.world.certainty_of(task) == Certainty::Observed
    }

    /// Nothing is missing since the first record, and the first sweep has not completed.
    #[inline]
    pub(super) fn is_early(&self) -> bool {
        !self.book.certain && self.book.lost == 0
    }

    /// The tables can be relied upon: a sweep has completed that no loss has followed.
    #[inline]
    pub(super) fn is_certain(&self) -> bool {
        self.book.certain
    }

    /// Whether some tasks escape the sweeps. Of a sweep, to be asked at its end.
    #[inline]
    pub(super) fn hides(&self) -> bool {
        self.book.hides
    }

    /// Whether the one that acts is not this task, which is at its address in the tables, but one of
    /// whose birth nothing tells: hooks do not run for tasks that the kernel hides, so neither when
    /// those make others.
    #[cold]
    pub(super) fn is_stranger(&self, id: TaskId) -> bool {
        let (world, header) = (self.world, &self.event.header);
        let acts = || world.key_of(id) == header.actor && world.tid(id) != header.actor_tid;
        let gone = || world.state_of(id) == TaskState::Freed || world.may_be_freed(id);
        self.hides() && acts() && gone()
    }

    /// Whether a task ended before the sweep that has repaired the tables after a loss: that did not
    /// show it, so what became of it in the loss nobody has told.
    pub(super) fn is_stale(&self, id: TaskId) -> bool {
        let world = self.world;
        let since = world.certain_since().filter(|_| world.losses() > 0);
        !world.lives(id) && since.is_some_and(|since| world.exited_at(id) < since)
    }

    /// Whether a rule is judged as it stands, and not in its weaker form.
    #[inline]
    pub(super) fn is_full(&self, rule: &Rule) -> bool {
        self.book.is_full(rule)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        check::{
            life::{silent_after_exit, silent_after_release},
            task::cached_numbers,
            tests::script::Script,
        },
        coverage::Coverage,
    };

    #[test]
    fn a_child_of_a_hidden_task_may_act_where_a_freed_one_was() {
        let acts = |hidden_tasks| {
            let coverage = Coverage { hidden_tasks, ..Script::tracepoints().coverage().clone() };
            let mut script = Script::seen_by(coverage);
            let child = script.fork(10);
            let mut person = script.tasks[&child].clone();
            script.end(child);
            let stranger = child + 1;
            (person.facts.tid, person.facts.tgid) = (stranger, stranger);
            for upid in &mut person.vector {
                upid.nr = stranger;
            }
            script.tasks.insert(stranger, person);
            script.exec(stranger);
            script
        };
        let (shown, hidden) = (acts(0), acts(1));
        for rule in [&cached_numbers::RULE, &silent_after_exit::RULE, &silent_after_release::RULE] {
            shown.trips(rule);
            hidden.holds(rule);
        }
    }
}
