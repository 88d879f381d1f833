//! Rule 54: who may release a task.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{ExchangeTids, Ptrace, Release},
    model::TaskId,
};

/// Who reaps.
pub(in crate::check) static RULE: Rule = Rule {
    number: 54,
    id: "who-reaps",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A task is released by itself, by the process of its real parent or of its tracer, \
                by a dying former parent or tracer, by the last other thread of its group, or by \
                the thread whose exec replaces it.",
    source: "wait_task_zombie, exit_notify, find_child_reaper, release_task (kernel/exit.c), \
             de_thread (fs/exec.c)",
    needs: &[
        Need::Fact(Fact::Release),
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::PtraceLink),
        Need::Fact(Fact::Exit),
    ],
    weaker: None,
    exceptions: &[
        "the tracer lets go of a dead task before it releases it",
        "who releases the last thread of a group releases its dead leader with it",
    ],
    trips: "a process that is neither parent nor tracer releases a task",
    near_miss: "an exiting thread releases the leader that was waiting for it",
};

/// Cases of a kind that are remembered at a time; beyond that everything is allowed.
const KEPT: usize = 256;

/// Who may release what, other than parents.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// An execing thread and the leader that it replaces.
    replaced: Vec<(u64, u64)>,
    /// A dead task and the tracer that let it go.
    let_go: Vec<(u64, u64)>,
    /// A group one of whose threads was released by this task of another.
    chains: Vec<(i32, u64)>,
    /// There were too many.
    full: bool,
}

impl State {
    /// Records are missing.
    pub(super) fn forget(&mut self) {
        *self = Self { full: self.full, ..Self::default() };
    }

    /// `exchange_tids`: the leader is released next, by the thread.
    pub(super) fn exchange(&mut self, facts: &ExchangeTids) {
        self.full |= self.replaced.len() >= KEPT;
        if self.replaced.len() < KEPT {
            self.replaced.push((facts.left, facts.right));
        }
    }

    /// A tracer lets go of a dead task.
    pub(super) fn unlink(&mut self, cx: &Cx<'_>, id: TaskId, facts: &Ptrace) {
        if facts.tracer != 0 || cx.world.runs(id) {
            return;
        }
        if self.let_go.len() >= KEPT {
            self.let_go.remove(0);
            self.full = true;
        }
        self.let_go.push((facts.task, cx.event.header.actor));
    }

    /// `release_task`.
    pub(super) fn release(
        &mut self,
        cx: &mut Cx<'_>,
        (known, sees): (&Known, Sees),
        id: TaskId,
        facts: &Release,
    ) {
        let (world, header) = (cx.world, &cx.event.header);
        let own = header.actor == facts.task;
        let leads = world.leads(id);
        let replaced = self.take(facts.task);
        if !(sees.release && sees.exchange && known.is_clear(facts.tgid)) {
            return;
        }
        let mates = header.actor_tgid == facts.tgid;
        let holds = own
            // PTRACE_TRACEME makes the parent a thread's tracer, and no hook need tell
            || leads && mates
            || header.actor_tgid == facts.ppid
            || replaced == Some(header.actor)
            || self.full
            || self.is_odd(cx, id, facts);
        // a thread that its tracer has released takes its leader with it
        if leads {
            self.chains.retain(|&(tgid, _)| tgid != facts.tgid);
        } else if !own && !mates {
            self.full |= self.chains.len() >= KEPT;
            if self.chains.len() < KEPT {
                self.chains.push((facts.tgid, header.actor));
            }
        }
        cx.test(&RULE, holds, || {
            Finding::new(
                Subject::task(world, id),
                format!("released by itself, its parent {} or its tracer", facts.ppid),
                format!("released by {} of {}", header.actor_tid, header.actor_tgid),
            )
        });
    }

    /// Whom the task is replaced by; it was the last to be released by it.
    fn take(&mut self, task: u64) -> Option<u64> {
        if self.replaced.is_empty() {
            return None;
        }
        let at = self.replaced.iter().position(|&(_, right)| right == task)?;
        Some(self.replaced.swap_remove(at).0)
    }

    /// The rarer ways.
    #[cold]
    fn is_odd(&mut self, cx: &Cx<'_>, id: TaskId, facts: &Release) -> bool {
        let (world, actor) = (cx.world, cx.event.header.actor);
        let Some(by) = world.at_key(actor) else { return true };
        let traced = world.tracer(id).is_some_and(|tracer| world.same_process(tracer, by));
        let gone = |&(task, tracer): &(u64, u64)| {
            let tracer = world.at_key(tracer);
            task == facts.task && tracer.is_none_or(|tracer| world.same_process(tracer, by))
        };
        let let_go = self.let_go.iter().any(gone);
        self.let_go.retain(|&(task, _)| task != facts.task);
        let dying = world.exited_at(by) != 0 || !world.runs(by);
        traced || let_go || dying || self.chains.contains(&(facts.tgid, actor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_stranger_that_releases_a_task_trips_it() {
        let mut script = Script::new();
        let (child, other) = (script.fork(10), script.fork(10));
        script.exit(child);
        script.release_only(child, other);
        script.trips(&RULE);
    }

    #[test]
    fn a_thread_that_a_stranger_releases_trips_it() {
        let mut script = Script::new();
        let leader = script.fork(10);
        let stranger = script.fork(10);
        let thread = script.thread(leader);
        script.exit_as(thread, 0);
        script.release_only(thread, stranger);
        script.trips(&RULE);
    }

    #[test]
    fn a_leader_released_by_its_last_thread_or_its_successor_does_not() {
        let mut script = Script::new();
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
        let mut script = Script::new();
        let leader = script.fork(10);
        let thread = script.thread(leader);
        script.exec_by_thread(thread);
        script.holds(&RULE);
    }

    #[test]
    fn a_tracer_that_has_let_go_of_the_dead_does_not() {
        let mut script = Script::new();
        let (child, other) = (script.fork(10), script.fork(10));
        let facts = script.tasks[&child].facts;
        let tracer = script.tasks[&other].facts.task;
        let ptrace = |tracer: u64, tracer_tgid: i32| {
            let (task, tid, tgid) = (facts.task, facts.tid, facts.tgid);
            let header = crate::event::Header::default();
            Body::Ptrace(Ptrace { header, task, tracer, tid, tgid, tracer_tgid, pad: 0 })
        };
        script.write(other, 19, ptrace(tracer, other));
        script.exit(child);
        script.write(other, 19, ptrace(0, 0));
        script.release(child, other);
        script.holds(&RULE);
    }
}
