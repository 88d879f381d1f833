//! Tasks and thread groups: `task_struct`, `signal_struct`.

use std::ops::Deref;

use super::slab::{Handle, handle};
use super::{NsId, NsSetId, PidId};
use crate::event::TaskKey;

handle! {
    /// Handle of a [`Task`] in a [`World`](super::World).
    pub TaskId
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

/// A task: a thread, or a process seen as its leader. Put together from the tables when it is asked
/// for.
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
    /// The namespace, other than its own, that it is counted to await children in.
    pub(super) awaits: Option<NsId>,
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
        awaits: None,
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
#[derive(Clone, Copy, Debug)]
pub struct Process<'w> {
    /// The leader.
    pub leader: TaskId,
    /// The unreleased threads, the leader among them, in the order of their birth.
    pub threads: Threads<'w>,
    /// The process group's pid.
    pub pgrp: Option<PidId>,
    /// The session's pid.
    pub session: Option<PidId>,
}

/// The threads of a process.
#[derive(Clone, Copy, Debug)]
pub struct Threads<'w>(pub(super) Inner<'w>);

#[derive(Clone, Copy, Debug)]
pub(super) enum Inner<'w> {
    None,
    One(TaskId),
    Many(&'w [TaskId]),
}

impl Deref for Threads<'_> {
    type Target = [TaskId];
    fn deref(&self) -> &[TaskId] {
        match &self.0 {
            Inner::None => &[],
            Inner::One(task) => std::slice::from_ref(task),
            Inner::Many(all) => all,
        }
    }
}

impl<'a> IntoIterator for &'a Threads<'_> {
    type Item = &'a TaskId;
    type IntoIter = std::slice::Iter<'a, TaskId>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
