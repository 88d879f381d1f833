//! How much of a task's life was seen: what existed before the hooks, or lived through a loss, may
//! lack records that nothing tells of.

use crate::{
    check::cx::Cx,
    event::{Body, Event, TaskFacts},
    model::{Certainty, TaskId, World},
};

/// `PF_EXITING` (include/linux/sched.h).
pub(in crate::check) const PF_EXITING: u32 = 0x4;

/// Groups that a sweep saw in the midst of a swap, at most.
const BLURRED: usize = 1024;

/// What the rules of a task's end know about what was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    started: bool,
    /// When the first sweep since then began: every hook was attached before.
    armed: u64,
    /// When the last loss was told.
    lost: u64,
    /// Groups whose pids a sweep may have read in the midst of an exec, by number.
    blurred: Vec<i32>,
}

impl Known {
    /// Takes note of sweeps and losses.
    #[inline]
    pub(super) fn note(&mut self, cx: &Cx<'_>) {
        if !self.started {
            // a recording that begins in the midst of a run begins with whole tables
            self.started = true;
            let since = cx.world.certain_since().unwrap_or(0);
            (self.armed, self.lost) = (since, since);
        }
        match &cx.event.body {
            _ if cx.plain => {}
            Body::Lost(_) => (self.armed, self.lost) = (0, cx.book.now),
            Body::SnapshotBegin(_) if self.armed == 0 => self.armed = cx.book.now.max(1),
            Body::Snapshot { task, .. } => self.read(cx.world, cx.event, task),
            _ => {}
        }
    }

    /// A sweep that passes an exec by a thread may read the old pids after the swap is told.
    fn read(&mut self, world: &World, _event: &Event, facts: &TaskFacts) {
        let Some(id) = world.at_key(facts.task).filter(|&id| world.is_grouped(id)) else { return };
        let pid = world.pid_of(id).map_or(0, |pid| world.key_of_pid(pid));
        let torn = world.tid(id) != facts.tid || pid != 0 && pid != facts.pid;
        if torn && self.blurred.len() < BLURRED {
            self.blurred.push(facts.tgid);
        }
    }

    /// No sweep has passed an exec of this group.
    #[inline]
    pub(super) fn is_clear(&self, tgid: i32) -> bool {
        self.blurred.is_empty() || self.blurred.len() < BLURRED && !self.blurred.contains(&tgid)
    }

    /// Everything about it was seen, from its birth on.
    #[inline]
    pub(super) fn whole(&self, world: &World, task: TaskId) -> bool {
        world.certainty_of(task) == Certainty::Observed && world.start_of(task) > self.lost
    }

    /// Everything about its end, once it comes, is seen: it was alive when every hook was there.
    #[inline]
    pub(super) fn met(&self, world: &World, task: TaskId) -> bool {
        if self.whole(world, task) {
            return true;
        }
        if self.armed == 0
            || matches!(world.certainty_of(task), Certainty::Proc | Certainty::Inferred)
        {
            return false;
        }
        match world.exited_at(task) {
            0 => world.runs(task) && world.flags_of(task) & PF_EXITING == 0,
            exited => exited > self.armed,
        }
    }

    /// A sweep has shown what there is.
    #[inline]
    pub(super) fn is_armed(&self) -> bool {
        self.armed != 0
    }
}

/// Facts that the rules of a task's end ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sees {
    pub(super) release: bool,
    pub(super) exchange: bool,
    pub(super) group_dead: bool,
    /// The kernel says by `SIGNAL_GROUP_EXIT` that the last thread has exited (6.1 and later).
    pub(super) marks_groups: bool,
    /// A process may ask for its own reaping at birth (`CLONE_AUTOREAP`, 7.1 and later).
    pub(super) autoreap: bool,
    /// The exit code of a process may be set to its group's after its leader's exit (not in 6.12,
    /// yes in 7.x).
    pub(super) settles_codes: bool,
}

/// Major and minor number of a release; zeroes if it has none.
pub(super) fn version(release: &str) -> (u32, u32) {
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().ok());
    let mut next = || parts.next().flatten().unwrap_or(0);
    (next(), next())
}
