//! The kernel's own questions, asked of the rebuilt tables.

use super::history::number_key;
use super::nsproxy::NsProxy;
use super::{Namespace, NsId, NsKind, Pid, PidId, PidState, Process, Task, TaskId, World};

impl World {
    /// The pid with this number in this namespace, if it is in use (`find_pid_ns`, kernel/pid.c).
    pub fn find_pid_ns(&self, nr: i32, ns: NsId) -> Option<PidId> {
        self.spaces.get(ns)?;
        self.index.numbers.get(&number_key(ns, nr)).copied()
    }

    /// The number of a pid as seen from a namespace, 0 where it cannot see it (`pid_nr_ns`).
    pub fn pid_nr_ns(&self, pid: PidId, ns: NsId) -> i32 {
        let level = self.ns(ns).level() as usize;
        match self.pid(pid).numbers.get(level) {
            Some(&(Some(at), nr)) if at == ns => nr,
            _ => 0,
        }
    }

    /// The number of a pid as seen from a task's own namespace (`pid_vnr`).
    pub fn pid_vnr(&self, pid: PidId, viewer: TaskId) -> i32 {
        self.task_active_pid_ns(viewer).map_or(0, |ns| self.pid_nr_ns(pid, ns))
    }

    /// The thread group's number as seen from a namespace (`task_tgid_nr_ns`), else 0.
    pub fn task_tgid_nr_ns(&self, task: TaskId, ns: NsId) -> i32 {
        let leader = self.process(task).leader;
        self.task(leader).pid.map_or(0, |pid| self.pid_nr_ns(pid, ns))
    }

    /// The process group's pid (`task_pgrp`).
    pub fn task_pgrp(&self, task: TaskId) -> Option<PidId> {
        self.process(task).pgrp
    }

    /// The session's pid (`task_session`).
    pub fn task_session(&self, task: TaskId) -> Option<PidId> {
        self.process(task).session
    }

    /// The namespace the task itself is in (`task_active_pid_ns`).
    pub fn task_active_pid_ns(&self, task: TaskId) -> Option<NsId> {
        let task = self.tasks.get(task)?;
        let own = task.pid.and_then(|pid| self.pids.get(pid)?.numbers.last()?.0);
        own.or_else(|| self.proxy_kinds(task)[NsKind::Pid.index()])
    }

    /// The task that has this level-0 number now.
    pub fn find_task(&self, tid: i32) -> Option<TaskId> {
        let pid = self.root.and_then(|root| self.find_pid_ns(tid, root));
        let task = pid.and_then(|pid| self.pids.get(pid)?.task);
        let task = task.filter(|&task| self.task(task).is_live());
        task.or_else(|| self.index.loose.get(&tid).copied())
    }

    /// A task; a freed one with number 0 if it has left the history.
    #[inline]
    pub fn task(&self, id: TaskId) -> &Task {
        static GONE: Task = Task::GONE;
        self.tasks.get(id).unwrap_or(&GONE)
    }

    /// A pid; a freed one without numbers if it has left the history.
    #[inline]
    pub fn pid(&self, id: PidId) -> &Pid {
        static GONE: Pid = Pid::GONE;
        self.pids.get(id).unwrap_or(&GONE)
    }

    /// A namespace; a destroyed one with inode number 0 if it has left the history.
    #[inline]
    pub fn ns(&self, id: NsId) -> &Namespace {
        static GONE: Namespace = Namespace::GONE;
        self.spaces.get(id).unwrap_or(&GONE)
    }

    /// What the threads of the task's group share.
    pub fn process(&self, id: TaskId) -> &Process {
        static GONE: Process = Process::GONE;
        self.processes.get(self.task(id).process).unwrap_or(&GONE)
    }

    /// The namespaces a task is in, in the order of [`NsKind::ALL`].
    pub fn namespaces_of(&self, task: TaskId) -> [Option<NsId>; 8] {
        self.proxy_kinds(self.task(task))
    }

    pub(super) fn proxy_kinds(&self, task: &Task) -> [Option<NsId>; 8] {
        self.proxies.get(task.ns_set).map_or([None; 8], |proxy: &NsProxy| proxy.kinds)
    }

    /// The namespace of this kind with this inode number that is not destroyed.
    pub fn find_ns(&self, kind: NsKind, inum: u32) -> Option<NsId> {
        self.index.inums.get(&(kind as u8, inum)).copied()
    }

    /// The initial PID namespace, once anything is known.
    pub fn root_ns(&self) -> Option<NsId> {
        self.root
    }

    /// Whether the pid's numbers are in use and no task has it: it lives on as a group's or a
    /// session's, or was only just allocated.
    pub fn is_held_only(&self, pid: PidId) -> bool {
        let pid = self.pid(pid);
        let task = pid.task.is_some_and(|task| self.task(task).is_live());
        pid.state == PidState::Attached && !task && !pid.is_idle()
    }
}
