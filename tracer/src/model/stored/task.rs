//! Tasks: found by their key, and put together from their parts.

use super::super::hash::mix;
use super::super::row::{Cold, Flag, Look, Row, Wide};
use super::super::{Task, TaskId, TaskState, World};
use crate::event::TaskKey;

/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x0020_0000;

impl World {
    /// The last task at this key; it may be released.
    #[inline]
    pub fn at_key(&self, key: u64) -> Option<TaskId> {
        if key == 0 {
            return None;
        }
        self.index.found.tasks.get(key, || self.find_key(key))
    }

    pub(in crate::model) fn find_key(&self, key: u64) -> Option<TaskId> {
        let is = |slot| self.tasks.at(slot).is_some_and(|row| row.key.get() == key);
        self.tasks.id(self.index.tasks.find(mix(key), is)?)
    }

    /// Makes a task the one that its key finds. A key of 0 finds none.
    pub(in crate::model) fn index_key(&mut self, id: TaskId, key: u64) {
        if key == 0 {
            return;
        }
        let before = self.at_key(key);
        self.index_at(id, key, before);
    }

    /// The same, where it is known what the key finds.
    pub(in crate::model) fn index_at(&mut self, id: TaskId, key: u64, before: Option<TaskId>) {
        self.index.found.tasks.forget(key);
        if let Some(row) = self.tasks.get_mut(id) {
            self.index.found.tasks.forget(row.key.get());
            row.key = Wide::new(key);
        }
        if let Some(before) = before
            && self.index.tasks.replace(mix(key), before.0.slot(), id.0.slot())
        {
            return;
        }
        let rehash = |slot| self.tasks.at(slot).map_or(0, |row| mix(row.key.get()));
        self.index.tasks.insert(mix(key), id.0.slot(), rehash);
    }

    /// What is stored of a task.
    #[inline]
    pub(in crate::model) fn row(&self, id: TaskId) -> &Row {
        static GONE: Row = Row::GONE;
        self.tasks.get(id).unwrap_or(&GONE)
    }

    /// Not yet released.
    #[inline]
    pub fn lives(&self, id: TaskId) -> bool {
        self.row(id).is_live()
    }

    /// Not exited.
    #[inline]
    pub fn runs(&self, id: TaskId) -> bool {
        self.row(id).state() == TaskState::Running
    }

    /// A task; a freed one with number 0 if it has left the history.
    pub fn task(&self, id: TaskId) -> Task {
        let Some(row) = self.tasks.get(id) else { return Task::GONE };
        let look = self.look_of(id);
        let start = row.start.get();
        let none = Cold { birth: start, birth_tid: row.tid, ..Cold::default() };
        let cold = self.cold(id).unwrap_or(&none);
        Task {
            key: TaskKey(row.key.get()),
            state: row.state(),
            certainty: row.certainty(),
            pid: self.pid_of(id),
            tid: row.tid,
            tgid: self.tgid(id),
            leader: Some(self.leader(id)),
            real_parent: self.parent(id),
            ppid: self.ppid(id),
            parent_inferred: row.is(Flag::ParentInferred),
            tracer: cold.tracer,
            creator: self.creator(id),
            creator_tid: row.creator_tid,
            clone_flags: look.clone_flags,
            exit_signal: look.exit_signal,
            flags: look.flags,
            kernel: look.flags & PF_KTHREAD != 0,
            comm: self.comm(row),
            uid: look.uid,
            gid: look.gid,
            cgroup: look.cgroup,
            ns_set: look.ns_set,
            time_for_children: look.time_for_children,
            for_children: look.for_children,
            start,
            birth: cold.birth,
            birth_tid: cold.birth_tid,
            exec: self.exec(row),
            exited: cold.exited,
            released: cold.released,
            exit_code: cold.exit_code,
            reaped_by: cold.reaped_by,
            run_state: look.run_state,
            bits: look.bits,
            awaits: cold.awaits,
            vanished: row.is(Flag::Vanished),
        }
    }

    /// The task that called clone, if it is still in the tables. What has taken its slot since is
    /// younger than the child.
    fn creator(&self, id: TaskId) -> Option<TaskId> {
        let creator = self.tasks.follow(self.row(id).creator)?;
        (creator.0.generation() < id.0.generation()).then_some(creator)
    }

    /// Its name.
    pub(in crate::model) fn comm(&self, row: &Row) -> [u8; 16] {
        self.comms.get(row.comm).copied().unwrap_or_default()
    }

    /// What it has in common with others.
    #[inline]
    pub(in crate::model) fn look(&self, look: u32) -> &Look {
        static NONE: Look = Look::NONE;
        self.looks.get(look).unwrap_or(&NONE)
    }
}
