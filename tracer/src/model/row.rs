//! How a task is stored: what every task has in a small row, what many have in common once, and
//! what few have apart.

use super::shared::Common;
use super::slab::{Handle, Link};
use super::{Certainty, NsId, NsSetId, PidId, TaskId, TaskState};

/// A 64-bit number that takes no alignment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wide([u32; 2]);

impl Wide {
    #[inline]
    pub(super) const fn new(value: u64) -> Self {
        Self([value as u32, (value >> 32) as u32])
    }

    #[inline]
    pub(super) fn get(self) -> u64 {
        let [low, high] = self.0;
        u64::from(high) << 32 | u64::from(low)
    }
}

/// What every task has.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The key of the kernel's object.
    pub(super) key: Wide,
    /// `start_boottime` now; at birth too, unless the cold part says otherwise.
    pub(super) start: Wide,
    /// The last exec: ns after the start, plus one; 0 for none, or where the cold part says it.
    pub(super) exec: u32,
    /// Its name.
    pub(super) comm: u32,
    /// Its [`Look`].
    pub(super) look: u32,
    /// The task that called clone, while what its slot holds is older than this task.
    pub(super) creator: Link,
    /// Its level-0 number.
    pub(super) creator_tid: i32,
    /// Level-0 number.
    pub(super) tid: i32,
    /// Its pid, while it lives.
    pub(super) pid: Link,
    /// The real parent, while it lives.
    pub(super) parent: Link,
    /// Youngest of its children (leaders only, as `task->children`).
    pub(super) first_child: Link,
    /// Next older child of the same real parent.
    pub(super) older: Link,
    /// Next younger child of the same real parent.
    pub(super) younger: Link,
    /// Its [`Group`](super::group::Group) if it has one, else its process group's pid while it lives.
    pub(super) group: Link,
    /// Its session's pid, while it lives and has no group.
    pub(super) session: Link,
    /// Its [`Cold`] part.
    pub(super) cold: Link,
    /// The sweep during which it was last seen alive.
    pub(super) mark: u16,
    /// Its state, its certainty, and its [`Flag`]s.
    pub(super) bits: u16,
}

/// The flags of a [`Row`].
#[derive(Clone, Copy)]
pub(super) enum Flag {
    /// The real parent was inferred by the kernel's rules and not yet read.
    ParentInferred = 4,
    /// Its end was concluded from a sweep.
    Vanished = 5,
    /// It shares a thread group with others, or did.
    Grouped = 6,
    /// Its parent's number is not that of its real parent: the cold part has it.
    OddParent = 7,
}

impl Default for Row {
    fn default() -> Self {
        Self::GONE
    }
}

impl Row {
    /// What a handle finds whose task has left the bounded history.
    pub(super) const GONE: Self = Self {
        key: Wide::new(0),
        start: Wide::new(0),
        exec: 0,
        comm: u32::MAX,
        look: u32::MAX,
        creator: Link::NONE,
        creator_tid: 0,
        tid: 0,
        pid: Link::NONE,
        parent: Link::NONE,
        first_child: Link::NONE,
        older: Link::NONE,
        younger: Link::NONE,
        group: Link::NONE,
        session: Link::NONE,
        cold: Link::NONE,
        mark: 0,
        bits: TaskState::Freed as u16 | (Certainty::Inferred as u16) << 2,
    };

    #[inline]
    pub(super) fn state(&self) -> TaskState {
        match self.bits & 3 {
            0 => TaskState::Running,
            1 => TaskState::Zombie,
            2 => TaskState::Released,
            _ => TaskState::Freed,
        }
    }

    #[inline]
    pub(super) fn set_state(&mut self, state: TaskState) {
        self.bits = self.bits & !3 | state as u16;
    }

    #[inline]
    pub(super) fn certainty(&self) -> Certainty {
        match self.bits >> 2 & 3 {
            0 => Certainty::Observed,
            1 => Certainty::Snapshot,
            2 => Certainty::Proc,
            _ => Certainty::Inferred,
        }
    }

    #[inline]
    pub(super) fn set_certainty(&mut self, certainty: Certainty) {
        self.bits = self.bits & !0b1100 | (certainty as u16) << 2;
    }

    #[inline]
    pub(super) fn is(&self, flag: Flag) -> bool {
        self.bits >> flag as u16 & 1 != 0
    }

    #[inline]
    pub(super) fn set(&mut self, flag: Flag, value: bool) {
        self.bits = self.bits & !(1 << flag as u16) | u16::from(value) << flag as u16;
    }

    /// Not yet released.
    #[inline]
    pub(super) fn is_live(&self) -> bool {
        self.bits & 2 == 0
    }
}

/// What many tasks have in common, each combination stored once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) cgroup: u64,
    pub(super) clone_flags: u64,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    /// Its namespaces.
    pub(super) ns_set: NsSetId,
    pub(super) for_children: Option<NsId>,
    pub(super) time_for_children: u32,
    pub(super) exit_signal: i32,
    pub(super) flags: u32,
    pub(super) run_state: u32,
    pub(super) bits: u32,
}

impl Look {
    /// Nothing is known.
    pub(super) const NONE: Self = Self {
        cgroup: 0,
        clone_flags: 0,
        uid: None,
        gid: None,
        ns_set: NsSetId(Handle::NONE),
        for_children: None,
        time_for_children: 0,
        exit_signal: 0,
        flags: 0,
        run_state: 0,
        bits: 0,
    };
}

fn pair(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

impl Common for Look {
    fn words(&self) -> impl Iterator<Item = u64> {
        let children = self.for_children.map_or(0, |ns| u64::from(ns.0.slot()) + 1);
        let known = u64::from(self.uid.is_some()) << 1 | u64::from(self.gid.is_some());
        [
            self.cgroup ^ known << 62,
            self.clone_flags ^ children << 40,
            pair(self.uid.unwrap_or(0), self.gid.unwrap_or(0)),
            pair(self.ns_set.0.slot(), self.time_for_children),
            pair(self.flags, self.run_state),
            pair(self.exit_signal as u32, self.bits),
        ]
        .into_iter()
    }
}

/// What few tasks have: those that have ended, are traced, or are odd.
#[derive(Clone, Debug, Default)]
pub(super) struct Cold {
    /// `start_boottime` at birth.
    pub(super) birth: u64,
    pub(super) birth_tid: i32,
    /// The parent's number, where it does not follow from the parent.
    pub(super) ppid: i32,
    /// The last exec's time.
    pub(super) exec: u64,
    pub(super) exited: u64,
    pub(super) released: u64,
    pub(super) exit_code: i32,
    /// Tasks that it traces.
    pub(super) tracees: u32,
    pub(super) reaped_by: Option<TaskId>,
    pub(super) tracer: Option<TaskId>,
    /// The namespace, other than its own, that it is counted to await children in.
    pub(super) awaits: Option<NsId>,
    /// Its last pid, process group and session, and its last real parent, once it is released.
    pub(super) past: Past,
}

/// What a released task had last: those may be evicted before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    pub(super) pid: Option<PidId>,
    pub(super) parent: Option<TaskId>,
    pub(super) pgrp: Option<PidId>,
    pub(super) session: Option<PidId>,
}
