//! Tasks and thread groups: `task_struct`, `signal_struct`.

use std::ops::Deref;

use super::slab::{Handle, handle};
use super::{NsId, NsSetId, PidId};
use crate::event::TaskKey;

handle! {
    /// Handle of a [`Task`] in a [`World`](super::World).
    pub TaskId
}

handle! {
    /// Handle of a [`Process`].
    pub(super) ProcessId
}

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskState {
    /// Born, and not exited.
    Running,
    /// Exited, not reaped.
    Zombie,
    /// Reaped: it is in no list of the kernel any more.
    Released,
    /// Its memory was freed too.
    Freed,
}

/// How we know of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Its birth was seen.
    Observed,
    /// The iterator showed it.
    Snapshot,
    /// `/proc` showed it, the iterator did not: some facts are absent.
    Proc,
    /// Only an event that names it was seen.
    Inferred,
}

/// A task: a thread, or a process seen as its leader.
#[derive(Clone, Debug)]
pub struct Task {
    /// The key of the kernel's object.
    pub key: TaskKey,
    /// How far it has come.
    pub state: TaskState,
    /// How we know of it.
    pub certainty: Certainty,
    /// Its pid; the last one after its release.
    pub pid: Option<PidId>,
    /// Level-0 number.
    pub tid: i32,
    /// Level-0 number of its thread group.
    pub tgid: i32,
    /// The leader of its thread group.
    pub leader: Option<TaskId>,
    /// The real parent (a thread).
    pub real_parent: Option<TaskId>,
    /// Level-0 number of the real parent's thread group: known even where the task is not.
    pub ppid: i32,
    /// The real parent was inferred by the kernel's rules and not yet read.
    pub parent_inferred: bool,
    /// The tracer.
    pub tracer: Option<TaskId>,
    /// The task that called clone.
    pub creator: Option<TaskId>,
    /// Level-0 tid of the task that called clone; 0 if unknown.
    pub creator_tid: i32,
    /// `CLONE_*` flags at birth; 0 if unknown.
    pub clone_flags: u64,
    /// `exit_signal`; -1 for a thread that leads no group.
    pub exit_signal: i32,
    /// `PF_*` flags as last read.
    pub flags: u32,
    /// `PF_KTHREAD`.
    pub kernel: bool,
    /// Name.
    pub comm: [u8; 16],
    /// uid in the initial user namespace; `None` where unknown.
    pub uid: Option<u32>,
    /// gid in the initial user namespace.
    pub gid: Option<u32>,
    /// Id of the cgroup in the default hierarchy; 0 if unknown.
    pub cgroup: u64,
    /// Its namespaces, by kind; see [`World::namespaces_of`](super::World::namespaces_of).
    pub(super) ns_set: NsSetId,
    /// Inode number of the time namespace of its children, as last read; 0 if unknown.
    pub time_for_children: u32,
    /// Where its children will be born.
    pub for_children: Option<NsId>,
    /// `start_boottime` now, ns since boot.
    pub start: u64,
    /// `start_boottime` at birth: with the boot id and the level-0 number at birth, its identity.
    pub birth: u64,
    /// Level-0 number at birth.
    pub birth_tid: i32,
    /// The last exec's time; 0 if none was seen.
    pub exec: u64,
    /// When it exited; 0 if not.
    pub exited: u64,
    /// When it was released; 0 if not, or not known.
    pub released: u64,
    /// Exit code in wait(2)'s form, valid once exited.
    pub exit_code: i32,
    /// Who reaped it.
    pub reaped_by: Option<TaskId>,
    /// `__state` as last read.
    pub run_state: u32,
    /// [`bits`](crate::event::bits) as last read.
    pub bits: u32,
    /// The thread group's table entry.
    pub(super) process: ProcessId,
    /// Youngest of its children (leaders only, as `task->children`).
    pub(super) first_child: Option<TaskId>,
    /// Next older child of the same real parent.
    pub(super) older: Option<TaskId>,
    /// Next younger child of the same real parent.
    pub(super) younger: Option<TaskId>,
    /// The namespace, other than its own, that it is counted to await children in.
    pub(super) awaits: Option<NsId>,
    /// Tasks that it traces.
    pub(super) tracees: u32,
    /// The sweep during which it was last seen alive.
    pub(super) mark: u32,
    /// Its end was concluded from a sweep: a later sweep may find it all the same.
    pub(super) vanished: bool,
}

impl Task {
    /// What a handle finds whose task has left the bounded history: a freed task with number 0.
    pub(super) const GONE: Self = Self {
        key: TaskKey(0),
        state: TaskState::Freed,
        certainty: Certainty::Inferred,
        pid: None,
        tid: 0,
        tgid: 0,
        leader: None,
        real_parent: None,
        ppid: 0,
        parent_inferred: false,
        tracer: None,
        creator: None,
        creator_tid: 0,
        clone_flags: 0,
        exit_signal: 0,
        flags: 0,
        kernel: false,
        comm: [0; 16],
        uid: None,
        gid: None,
        cgroup: 0,
        time_for_children: 0,
        ns_set: NsSetId(Handle::NONE),
        for_children: None,
        start: 0,
        birth: 0,
        birth_tid: 0,
        exec: 0,
        exited: 0,
        released: 0,
        exit_code: 0,
        reaped_by: None,
        run_state: 0,
        bits: 0,
        process: ProcessId(Handle::NONE),
        first_child: None,
        older: None,
        younger: None,
        awaits: None,
        tracees: 0,
        mark: 0,
        vanished: false,
    };

    /// Leads its thread group.
    pub fn is_leader(&self) -> bool {
        self.tid == self.tgid
    }

    /// Not yet released.
    pub fn is_live(&self) -> bool {
        self.state < TaskState::Released
    }
}

/// What the threads of a group share (`signal_struct`).
#[derive(Clone, Debug)]
pub struct Process {
    /// The leader.
    pub leader: TaskId,
    /// The unreleased threads, the leader among them, in the order of their birth.
    pub threads: Threads,
    /// The process group's pid.
    pub pgrp: Option<PidId>,
    /// The session's pid.
    pub session: Option<PidId>,
    /// Threads that have not exited (`signal->live`).
    pub(super) running: u32,
    /// Tasks of the table, dead ones too, that belong to it.
    pub(super) tasks: u32,
    /// It is counted by its group's and its session's pid: until its leader is released.
    pub(super) attached: bool,
}

impl Process {
    /// What a handle finds whose task has left the bounded history.
    pub(super) const GONE: Self = Self::new(TaskId(Handle::NONE));

    /// A process of which only the leader is known.
    pub(super) const fn new(leader: TaskId) -> Self {
        Self {
            leader,
            threads: Threads::NONE,
            pgrp: None,
            session: None,
            running: 0,
            tasks: 0,
            attached: true,
        }
    }
}

/// The threads of a process; a single one, the common case, needs no allocation.
#[derive(Clone, Debug)]
pub struct Threads(Inner);

#[derive(Clone, Debug)]
enum Inner {
    None,
    One(TaskId),
    Many(Vec<TaskId>),
}

impl Threads {
    /// None at all.
    pub(super) const NONE: Self = Self(Inner::None);

    /// Adds the youngest thread.
    pub(super) fn push(&mut self, task: TaskId) {
        match &mut self.0 {
            Inner::None => self.0 = Inner::One(task),
            Inner::One(first) => self.0 = Inner::Many(vec![*first, task]),
            Inner::Many(all) => all.push(task),
        }
    }

    /// Takes a thread out.
    pub(super) fn remove(&mut self, task: TaskId) {
        match &mut self.0 {
            Inner::One(only) if *only == task => self.0 = Inner::None,
            Inner::Many(all) => {
                if let Some(at) = all.iter().position(|&thread| thread == task) {
                    all.remove(at);
                }
            }
            Inner::None | Inner::One(_) => (),
        }
    }
}

impl Deref for Threads {
    type Target = [TaskId];
    fn deref(&self) -> &[TaskId] {
        match &self.0 {
            Inner::None => &[],
            Inner::One(task) => std::slice::from_ref(task),
            Inner::Many(all) => all,
        }
    }
}

impl<'a> IntoIterator for &'a Threads {
    type Item = &'a TaskId;
    type IntoIter = std::slice::Iter<'a, TaskId>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
