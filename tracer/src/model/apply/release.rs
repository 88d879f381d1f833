//! The end of a task: `release_task`, and the freeing of its memory.

use super::super::row::{Cold, Flag, Past};
use super::super::slab::Link;
use super::super::{Effect, Impossible, TaskId, TaskState, World};
use crate::event::{FreeTask, Header, Release};

impl World {
    /// `release_task`: the task is in no list any more. A release that names a number which an
    /// exec has just swapped is also its witness.
    pub(super) fn on_release(&mut self, header: &Header, facts: &Release) {
        let Some(id) = self.ending(facts.task, facts.tid, facts.tgid) else { return };
        if !self.lives(id) {
            self.impossible(Impossible::AfterRelease(id));
            return;
        }
        self.set_parent(id, facts.real_parent, facts.ppid);
        if let Some(cold) = self.cold_mut(id) {
            cold.exit_code = facts.code;
        }
        let by = self.at_key(header.actor);
        self.release(id, by, false);
    }

    /// `sched_process_free`: at the latest now the task is released. One that is released may have
    /// left the history since.
    pub(super) fn on_free_task(&mut self, facts: &FreeTask) {
        let forgets = self.history.tasks.len() >= self.config.history;
        let Some(id) = self.ending(facts.task, facts.tid, facts.tgid) else {
            if forgets {
                self.out.impossible = None;
            }
            return;
        };
        if self.row(id).state() == TaskState::Freed {
            self.impossible(Impossible::AfterRelease(id));
            return;
        }
        // one that lived so far lacks the record of its release, and of its number's end before
        let pid = self.pid_of(id).filter(|_| self.lives(id));
        self.release(id, None, true);
        if let Some(pid) = pid.filter(|&pid| self.is_unused(pid)) {
            self.free(pid, true);
        }
        if let Some(row) = self.tasks.get_mut(id) {
            row.set_state(TaskState::Freed);
        }
    }

    /// The task whose end an event tells; one that nobody has seen is not made for it.
    fn ending(&mut self, key: u64, tid: i32, tgid: i32) -> Option<TaskId> {
        let Some(id) = self.known_task(key, tid) else {
            self.impossible(Impossible::UnknownTask);
            return None;
        };
        self.out.task = Some(id);
        if self.lives(id) {
            self.witness_swap(id, tid, tgid);
        }
        Some(id)
    }

    /// A task's end was lost: something proves that it is gone.
    pub(super) fn vanish(&mut self, id: TaskId) {
        let Some(row) = self.live_mut(id) else { return };
        row.set(Flag::Vanished, true);
        self.emit(Effect::Vanished(id));
        let pid = self.pid_of(id);
        self.leave(id, None, true);
        if let Some(pid) = pid.filter(|&pid| self.is_unused(pid)) {
            self.free(pid, true);
        }
    }

    /// A task is released.
    pub(super) fn release(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        if !self.lives(id) {
            return;
        }
        self.leave(id, by, inferred);
        self.emit(Effect::Released { task: id, by, inferred });
        if let Some(pid) = self.pid_of(id) {
            self.free_unused(pid);
        }
        self.free_groups(id);
    }

    /// Takes a task out of the tables of the living (`__unhash_process`). Its group's other
    /// threads were released before their leader.
    fn leave(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        if self.is_plain(id) {
            #[cfg(test)]
            {
                self.probe.ends += 1;
            }
            self.leave_plain(id, by, inferred);
            return;
        }
        let leads = self.leads(id);
        if leads {
            self.release_others(id);
        }
        self.becomes_zombie(id);
        self.leaving += 1;
        self.forget_parent(id, None, true);
        self.leaving -= 1;
        while let Some(child) = self.first_child(id) {
            self.place(child, None, 0); // one that only wrong input can have left behind
        }
        if !self.lives(id) {
            return; // wrong input made it the parent of its own parent
        }
        self.unlink(id);
        self.stop_tracing(id);
        self.leave_namespaces(id);
        self.unlist_loose(id);
        self.bury(id, by, inferred);
        if leads {
            self.detach_groups(self.task_pgrp(id), self.task_session(id));
        }
        self.history.tasks.push_back(id);
    }

    /// A zombie of one thread, without children, that is neither traced nor traces.
    fn is_plain(&self, id: TaskId) -> bool {
        #[cfg(test)]
        if self.probe.roundabout {
            return false;
        }
        let row = self.row(id);
        let alone = !row.is(Flag::Grouped) && row.first_child.is_none() && !row.pid.is_none();
        let cold = self.cold(id);
        let free =
            |cold: &Cold| cold.tracees == 0 && cold.tracer.is_none() && cold.awaits.is_none();
        alone && row.state() == TaskState::Zombie && cold.is_some_and(free)
    }

    /// The common end: the same as the general one, only sooner.
    fn leave_plain(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        self.unlink(id);
        self.leave_namespaces(id);
        let (ppid, now) = (self.ppid(id), self.now);
        let Some(row) = self.tasks.get_mut(id) else { return };
        row.set_state(TaskState::Released);
        let (pid, parent) = (std::mem::take(&mut row.pid), std::mem::take(&mut row.parent));
        let (pgrp, session) = (std::mem::take(&mut row.group), std::mem::take(&mut row.session));
        let cold = row.cold;
        let past = Past {
            pid: self.pids.follow(pid),
            parent: self.tasks.follow(parent),
            pgrp: self.pids.follow(pgrp),
            session: self.pids.follow(session),
        };
        if let Some(cold) = cold.slot().and_then(|slot| self.cold.at_mut(slot)) {
            cold.ppid = ppid;
            cold.released = if inferred { 0 } else { now };
            cold.reaped_by = by;
            cold.past = past;
        }
        self.detach_groups(past.pgrp, past.session);
        self.history.tasks.push_back(id);
    }

    fn release_others(&mut self, leader: TaskId) {
        if self.group(leader).is_none() {
            return;
        }
        let others: Vec<_> = self.threads(leader).iter().copied().collect();
        for thread in others.into_iter().filter(|&thread| thread != leader) {
            // nothing tells of its exit: it may be the one that has taken the leader's place
            let runs = self.runs(thread);
            if let Some(row) = self.tasks.get_mut(thread).filter(|_| runs) {
                row.set(Flag::Vanished, true);
            }
            self.release(thread, None, true);
        }
    }

    /// What is stored of a task from here on.
    fn bury(&mut self, id: TaskId, by: Option<TaskId>, inferred: bool) {
        let past = Past {
            pid: self.pid_of(id),
            parent: self.parent(id),
            pgrp: self.task_pgrp(id),
            session: self.task_session(id),
        };
        let (ppid, now) = (self.ppid(id), self.now);
        if let Some(cold) = self.cold_mut(id) {
            cold.ppid = ppid;
            cold.released = if inferred { 0 } else { now };
            cold.reaped_by = by;
            cold.past = past;
        }
        let Some(row) = self.tasks.get_mut(id) else { return };
        row.set_state(TaskState::Released);
        (row.pid, row.parent) = (Link::NONE, Link::NONE);
        if row.is(Flag::Grouped) {
            if let Some(group) = self.group_mut(id)
                && let Some(at) = group.threads.iter().position(|&thread| thread == id)
            {
                group.threads.remove(at);
            }
        } else {
            (row.group, row.session) = (Link::NONE, Link::NONE);
        }
    }
}
