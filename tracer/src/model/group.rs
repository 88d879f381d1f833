//! Thread groups of more than one thread.

use super::slab::{Handle, handle};
use super::{PidId, TaskId};

handle! {
    /// Handle of a [`Group`].
    pub(super) GroupId
}

/// A thread group that has, or had, more than its leader.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The leader.
    pub(super) leader: TaskId,
    /// Level-0 number of the group.
    pub(super) tgid: i32,
    /// The unreleased threads, in the order of their birth.
    pub(super) threads: Vec<TaskId>,
    /// Threads that have not exited (`signal->live`).
    pub(super) running: u32,
    /// Tasks of the table, dead ones too, that belong to it.
    pub(super) tasks: u32,
    /// The process group's pid.
    pub(super) pgrp: Option<PidId>,
    /// The session's pid.
    pub(super) session: Option<PidId>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            leader: TaskId(Handle::NONE),
            tgid: 0,
            threads: Vec::new(),
            running: 0,
            tasks: 0,
            pgrp: None,
            session: None,
        }
    }
}
