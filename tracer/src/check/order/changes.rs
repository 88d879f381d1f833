//! The latest changes of process groups and sessions: what explains a child that has its parent's
//! old one.

use std::collections::VecDeque;

use crate::{
    event::ChangePid,
    model::{TaskId, World},
};

/// Changes that are remembered.
const KEPT: usize = 1 << 10;

/// How far the times of CPUs may differ, ns.
const SKEW: u64 = 1_000_000;

/// The latest changes, oldest first.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Changes {
    latest: VecDeque<Moved>,
    /// Older ones are forgotten.
    forgot: u64,
}

/// A process has changed its group or its session.
#[derive(Clone, Copy, Debug)]
struct Moved {
    ts: u64,
    task: u64,
    from: u64,
    to: u64,
}

impl Changes {
    /// A change.
    pub(in crate::check) fn note(&mut self, world: &World, ts: u64, facts: &ChangePid) {
        if self.latest.len() >= KEPT
            && let Some(oldest) = self.latest.pop_front()
        {
            self.forgot = oldest.ts;
        }
        let known = world.at_key(facts.task);
        let pid = known.and_then(|id| match facts.ty {
            2 => world.task_pgrp(id),
            _ => world.task_session(id),
        });
        let from = pid.map_or(0, |pid| world.key_of_pid(pid));
        self.latest.push_back(Moved { ts, task: facts.task, from, to: facts.pid });
    }

    /// Whether a change since a time explains that a child has this group or session.
    pub(in crate::check) fn explain(
        &self,
        world: &World,
        caller: TaskId,
        child: u64,
        read: u64,
        since: u64,
    ) -> bool {
        let leader = world.key_of(world.leader(caller));
        let late = |moved: &Moved| moved.ts.saturating_add(SKEW) >= since;
        let moved = |moved: &&Moved| (moved.task == leader || moved.task == child) && late(moved);
        let fits = |moved: &Moved| moved.from == read || moved.from == 0 || moved.to == read;
        self.forgot != 0 && self.forgot >= since || self.latest.iter().filter(moved).any(fits)
    }

    /// Records are missing.
    pub(in crate::check) fn clear(&mut self) {
        self.latest.clear();
        self.forgot = 0;
    }
}
