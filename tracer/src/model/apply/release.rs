//! The end of a task: `release_task`, and the freeing of its memory.

use super::super::{Effect, Impossible, TaskId, TaskState, World};
use crate::event::{FreeTask, Header, Release};

impl World {
    /// `release_task`: the task is in no list any more. A release that names a number which an
    /// exec has just swapped is also its witness.
    pub(super) fn on_release(&mut self, header: &Header, facts: &Release) {
        let Some(id) = self.ending(facts.task, facts.tid, facts.tgid) else { return };
        if !self.task(id).is_live() {
            self.impossible(Impossible::AfterRelease(id));
            return;
        }
        self.set_parent(id, facts.real_parent, facts.ppid);
        if let Some(task) = self.tasks.get_mut(id) {
            task.exit_code = facts.code;
        }
        let by = self.index.tasks.get(&header.actor).copied();
        self.release(id, by, false);
    }

    /// `sched_process_free`: at the latest now the task is released. One that is released may have
    /// left the history since.
    pub(super) fn on_free_task(&mut self, facts: &FreeTask) {
        let forgets = self.history.tasks.len() >= self.config.history;
        if forgets && self.known_task(facts.task, facts.tid).is_none() {
            return;
        }
        let Some(id) = self.ending(facts.task, facts.tid, facts.tgid) else { return };
        if self.task(id).state == TaskState::Freed {
            self.impossible(Impossible::AfterRelease(id));
            return;
        }
        self.release(id, None, true);
        if let Some(task) = self.tasks.get_mut(id) {
            task.state = TaskState::Freed;
        }
    }

    /// The task whose end an event tells; one that nobody has seen is not made for it.
    fn ending(&mut self, key: u64, tid: i32, tgid: i32) -> Option<TaskId> {
        let Some(id) = self.known_task(key, tid) else {
            self.impossible(Impossible::UnknownTask);
            return None;
        };
        self.out.task = Some(id);
        if self.task(id).is_live() {
            self.witness_swap(id, tid, tgid);
        }
        Some(id)
    }

    /// A task's end was lost: something proves that it is gone.
    pub(super) fn vanish(&mut self, id: TaskId) {
        if !self.task(id).is_live() {
            return;
        }
        self.emit(Effect::Vanished(id));
        if let Some(task) = self.tasks.get_mut(id) {
            task.vanished = true;
        }
        let pid = self.task(id).pid;
        self.leave(id, None, true);
        if let Some(pid) = pid.filter(|&pid| self.is_unused(pid)) {
            self.free(pid, true);
        }
    }

    /// A task is released.
    pub(super) fn release(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        if !self.task(id).is_live() {
            return;
        }
        self.leave(id, by, inferred);
        self.emit(Effect::Released { task: id, by, inferred });
        if let Some(pid) = self.task(id).pid {
            self.free_unused(pid);
        }
        self.free_groups(id);
    }

    /// Takes a task out of the tables of the living (`__unhash_process`). Its group's other
    /// threads were released before their leader.
    fn leave(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        let process = self.task(id).process;
        let leads = self.processes.get(process).is_some_and(|process| process.leader == id);
        if leads {
            let others: Vec<_> =
                self.process(id).threads.iter().copied().filter(|&thread| thread != id).collect();
            for thread in others {
                self.release(thread, None, true);
            }
        }
        self.becomes_zombie(id);
        self.leaving += 1;
        self.forget_parent(id, None, true);
        self.leaving -= 1;
        while let Some(child) = self.task(id).first_child {
            self.place(child, None, 0); // one that only wrong input can have left behind
        }
        if !self.task(id).is_live() {
            return; // wrong input made it the parent of its own parent
        }
        self.unlink(id);
        self.stop_tracing(id);
        self.leave_namespaces(id);
        let now = self.now;
        if let Some(task) = self.tasks.get_mut(id) {
            task.state = TaskState::Released;
            task.released = if inferred { 0 } else { now };
            task.reaped_by = by;
        }
        self.index_loose(id);
        if let Some(process) = self.processes.get_mut(process) {
            process.threads.remove(id);
        }
        if leads {
            self.detach_groups(id);
        }
        self.history.tasks.push_back(id);
    }
}
