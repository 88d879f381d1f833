//! A birth as its record tells it, next to what the tables know of the task that calls clone.

use crate::{
    check::{Subject, task::reading::is_read},
    event::{TaskFacts, Upid},
    model::{TaskId, World},
};

/// `CLONE_*` (include/uapi/linux/sched.h).
pub(in crate::check) mod clone {
    pub(in crate::check) const VM: u64 = 0x100;
    pub(in crate::check) const PARENT: u64 = 0x8000;
    pub(in crate::check) const THREAD: u64 = 0x1_0000;
    pub(in crate::check) const NEWTIME: u64 = 0x80;
    pub(in crate::check) const NEWUSER: u64 = 0x1000_0000;
    pub(in crate::check) const NEWPID: u64 = 0x2000_0000;
}

/// A birth.
#[derive(Clone, Copy)]
pub(in crate::check) struct Birth<'a> {
    /// The child, as it was before it ran.
    pub(in crate::check) facts: &'a TaskFacts,
    /// Its numbers, level 0 first.
    pub(in crate::check) vector: &'a [Upid],
    /// `CLONE_*`.
    pub(in crate::check) flags: u64,
    /// The task that calls clone, if the tables have it as it is.
    pub(in crate::check) caller: Option<TaskId>,
}

impl<'a> Birth<'a> {
    /// Puts both side by side.
    #[inline]
    pub(in crate::check) fn new(
        world: &World,
        actor: u64,
        facts: &'a TaskFacts,
        vector: &'a [Upid],
        flags: u64,
    ) -> Self {
        let caller = world.at_key(actor).filter(|&id| world.lives(id) && is_read(world, id));
        Self { facts, vector, flags, caller }
    }

    /// Whether a flag is set.
    #[inline]
    pub(in crate::check) fn has(&self, flag: u64) -> bool {
        self.flags & flag != 0
    }

    /// The child, as the subject of a finding.
    pub(in crate::check) fn subject(&self) -> Subject {
        let TaskFacts { task, pid, tid, tgid, comm, .. } = *self.facts;
        let subject = Subject::task_named(task, tid, tgid);
        Subject {
            other: pid,
            vector: self.vector.iter().map(|upid| upid.nr).collect(),
            comm,
            ..subject
        }
    }
}
