//! Tracers: `task->ptrace` and `task->parent`.

use super::super::{Effect, TaskId, TaskState, World};
use super::super::{row::Flag, world::Unresolved};
use crate::event::{Ptrace, TaskFacts};

impl World {
    /// `__ptrace_link` or `__ptrace_unlink`.
    pub(super) fn on_ptrace(&mut self, facts: &Ptrace) {
        let known = self.known_task(facts.task, facts.tid).filter(|&id| !self.lives(id));
        let id = match known {
            // release_task lets go of a traced task behind the hook that told of the release
            Some(id) if facts.tracer == 0 => {
                self.out.task = Some(id);
                return;
            }
            // a child is traced from its birth on, which is told next
            Some(id) if self.row(id).state() == TaskState::Freed && facts.tid > 0 => {
                let id = self.placeholder(facts.task, facts.tid, facts.tgid);
                self.out.task = Some(id);
                id
            }
            _ => match self.subject(facts.task, facts.tid, facts.tgid) {
                Some(id) => id,
                None => return,
            },
        };
        let leader = || self.find_task(facts.tracer_tgid);
        let tracer =
            if facts.tracer == 0 { None } else { self.live_task(facts.tracer).or_else(leader) };
        self.set_tracer(id, tracer, true);
        // a sweep that has yet to show the tracer may be under way
        self.unresolved.retain(|of| !of.tracer || of.task != id);
        if tracer.is_none() {
            self.await_shown(id, facts.tracer, true);
        }
    }

    /// What a record says about a task's tracer.
    pub(super) fn read_tracer(&mut self, id: TaskId, facts: &TaskFacts, tell: bool) {
        let tracer = if facts.ptrace == 0 {
            None
        } else {
            self.live_task(facts.parent).or_else(|| self.find_task(facts.parent_tgid))
        };
        self.set_tracer(id, tracer, tell);
        if facts.ptrace != 0 && tracer.is_none() {
            self.await_shown(id, facts.parent, true);
        }
    }

    /// A sweep shows tasks by number, and a task may name one of a higher number.
    pub(super) fn await_shown(&mut self, task: TaskId, key: u64, tracer: bool) {
        if self.sweep.generation.is_some() && key != 0 {
            self.unresolved.push(Unresolved { task, key, tracer });
        }
    }

    /// Every task was shown: who is still not known is hidden from the iterator.
    pub(super) fn meet(&mut self) {
        for Unresolved { task, key, tracer } in std::mem::take(&mut self.unresolved) {
            let Some(other) = self.live_task(key) else { continue };
            if tracer && self.tracer(task).is_none() {
                self.set_tracer(task, Some(other), false);
            } else if !tracer {
                self.meet_parent(task, other);
            }
        }
    }

    /// The real parent of a task is shown, behind it.
    fn meet_parent(&mut self, task: TaskId, other: TaskId) {
        let parent = self.parent(task).filter(|_| self.lives(task));
        let stands_in = parent.is_some_and(|parent| self.same_process(parent, other));
        if stands_in && !self.runs(other) {
            // Another thread of its process has its children now, whichever.
            if let Some(row) = self.tasks.get_mut(task) {
                row.set(Flag::ParentInferred, true);
            }
        } else if stands_in && !self.is_parent_inferred(task) || self.parent(task).is_none() {
            self.place(task, Some(other), self.tgid(other));
        }
    }

    /// The tracer of a task.
    pub fn tracer(&self, id: TaskId) -> Option<TaskId> {
        self.cold(id)?.tracer
    }

    /// Another tracer, or none.
    pub(super) fn set_tracer(&mut self, id: TaskId, tracer: Option<TaskId>, tell: bool) {
        let old = self.tracer(id);
        if old == tracer || !self.lives(id) {
            return;
        }
        if let Some(cold) = self.cold_mut(id) {
            cold.tracer = tracer;
        }
        if let Some(old) = old.and_then(|old| self.cold_mut(old)) {
            old.tracees = old.tracees.saturating_sub(1);
        }
        if let Some(new) = tracer.and_then(|new| self.cold_mut(new)) {
            new.tracees += 1;
        }
        if tell {
            self.emit(Effect::Traced { task: id, tracer });
        }
    }

    /// A task is gone: it is traced by nobody and traces nobody (`exit_ptrace`).
    pub(super) fn stop_tracing(&mut self, id: TaskId) {
        self.set_tracer(id, None, false);
        if self.cold(id).is_none_or(|cold| cold.tracees == 0) {
            return;
        }
        let traced = self.tasks.iter().filter(|&(tracee, _)| self.tracer(tracee) == Some(id));
        let mut traced: Vec<_> = traced.map(|(tracee, row)| (row.tid, tracee)).collect();
        traced.sort_unstable();
        for (_, tracee) in traced {
            self.set_tracer(tracee, None, true);
        }
    }
}
