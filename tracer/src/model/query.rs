//! The kernel's own questions, asked of the rebuilt tables.

use super::{Namespace, NsId, NsKind, PidId, PidState, TaskId, World};

impl World {
    /// The number of a pid as seen from a namespace, 0 where it cannot see it (`pid_nr_ns`).
    pub fn pid_nr_ns(&self, pid: PidId, ns: NsId) -> i32 {
        let level = self.ns(ns).level() as usize;
        match self.number(pid, level) {
            Some((Some(at), nr)) if at == ns => nr,
            _ => 0,
        }
    }

    /// The number of a pid as seen from a task's own namespace (`pid_vnr`).
    pub fn pid_vnr(&self, pid: PidId, viewer: TaskId) -> i32 {
        self.task_active_pid_ns(viewer).map_or(0, |ns| self.pid_nr_ns(pid, ns))
    }

    /// The thread group's number as seen from a namespace (`task_tgid_nr_ns`), else 0.
    pub fn task_tgid_nr_ns(&self, task: TaskId, ns: NsId) -> i32 {
        self.pid_of(self.leader(task)).map_or(0, |pid| self.pid_nr_ns(pid, ns))
    }

    /// The task that has this level-0 number now.
    pub fn find_task(&self, tid: i32) -> Option<TaskId> {
        let pid = self.root.and_then(|root| self.find_pid_ns(tid, root));
        pid.and_then(|pid| self.live_holder(pid)).or_else(|| self.find_loose(tid))
    }

    /// The same of the few tasks whose pid has not been told.
    #[inline]
    pub(crate) fn find_loose(&self, tid: i32) -> Option<TaskId> {
        if self.index.loose.is_empty() {
            return None;
        }
        self.index.loose.get(&tid).copied()
    }

    /// A namespace; a destroyed one with inode number 0 if it has left the history.
    #[inline]
    pub fn ns(&self, id: NsId) -> &Namespace {
        static GONE: Namespace = Namespace::GONE;
        self.spaces.get(id).unwrap_or(&GONE)
    }

    /// The namespace of this kind with this inode number that is not destroyed.
    pub fn find_ns(&self, kind: NsKind, inum: u32) -> Option<NsId> {
        self.index.inums.get(&(kind as u8, inum)).copied()
    }

    /// The initial PID namespace, once anything is known.
    #[inline]
    pub fn root_ns(&self) -> Option<NsId> {
        self.root
    }

    /// Whether the pid's numbers are in use and no task has it: it lives on as a group's or a
    /// session's, or was only just allocated.
    pub fn is_held_only(&self, pid: PidId) -> bool {
        let attached = self.pid_row(pid).state() == PidState::Attached;
        attached && self.live_holder(pid).is_none() && !self.is_idle(pid)
    }
}
