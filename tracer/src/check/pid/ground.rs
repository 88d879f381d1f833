//! What can be relied upon when a pid is looked up: which hooks there are, and what a sweep may
//! have put back.

use crate::{
    check::{Subject, cx::Cx},
    coverage::{Coverage, Fact},
    event::{Body, Event, Upid},
    model::{NsId, PidId, PidState, World},
};

/// The ground that the tests stand on.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// Every birth and end of a pid is seen.
    whole: bool,
    /// Every end of a PID namespace is seen.
    ends: bool,
    /// When the first sweep began, by when all hooks were attached; 0 before.
    pub(super) begun: u64,
    sweeping: bool,
    /// An exec, or a move to another group or session, was told during this sweep, at the entry of
    /// its function; what the sweep read may be older. The same of the last sweep.
    swapped: [bool; 2],
    moved: [bool; 2],
    /// Pids that are allocated and that no task has yet.
    pub(super) in_flight: u32,
}

impl Ground {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let sees = |facts: &[Fact]| facts.iter().all(|&fact| coverage.sees(fact));
        Self {
            whole: sees(&[Fact::AllocPid, Fact::FreePid, Fact::Fork]),
            ends: coverage.sees_all(Fact::NsDestroy),
            ..Self::default()
        }
    }

    /// Takes note of an event, before it is tested.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        match &event.body {
            Body::ExchangeTids(_) => self.swapped[0] |= self.sweeping,
            Body::ChangePid(_) => self.moved[0] |= self.sweeping,
            Body::SnapshotBegin(_) => {
                self.sweeping = true;
                self.begun = if self.begun == 0 { event.header.ts } else { self.begun };
            }
            Body::SnapshotEnd(_) => {
                self.sweeping = false;
                self.swapped = [false, self.swapped[0]];
                self.moved = [false, self.moved[0]];
            }
            _ => (),
        }
    }

    /// A sweep has completed: counts them anew.
    pub(super) fn recount(&mut self, world: &World) {
        let allocated = |&pid: &PidId| world.state_of_pid(pid) == PidState::Allocated;
        self.in_flight = world.pids().filter(allocated).count() as u32;
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.in_flight = 0;
    }

    /// Counts the pids that no task has yet, after the tests.
    #[inline]
    pub(super) fn count(&mut self, world: &World, event: &Event) {
        let key = match &event.body {
            Body::AllocPid(_) => {
                self.in_flight += 1;
                return;
            }
            Body::Fork { task, .. } => task.pid,
            Body::FreePid(facts) => facts.pid,
            _ => return,
        };
        let pid = world.pid_at(key);
        if pid.is_some_and(|pid| world.state_of_pid(pid) == PidState::Allocated) {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
    }

    /// Who has which pid may be told by a sweep as it was before an exec.
    pub(super) fn is_swapping(&self) -> bool {
        self.swapped != [false; 2]
    }

    /// Who is in which group or session may be told by a sweep as it was before a move.
    pub(super) fn is_moving(&self) -> bool {
        self.moved != [false; 2] || self.is_swapping()
    }

    /// The tables are right about this pid: it is in use. Its birth was seen, as its end would have
    /// been; or its task runs, and is not a thread whose exec may be taking its leader's pid.
    pub(super) fn is_sure(&self, world: &World, pid: PidId) -> bool {
        if self.is_swapping() {
            return false;
        }
        if self.whole && world.allocated_at(pid) != 0 {
            return true;
        }
        world.live_holder(pid).is_some_and(|task| {
            let leader = world.leader(task);
            world.runs(task) && (leader == task || world.runs(leader))
        })
    }

    /// The task that had this pid has been released before the eyes of every hook, and whoever
    /// released it frees the pid behind that.
    #[cold]
    pub(super) fn is_let_go(&self, world: &World, pid: PidId) -> bool {
        let released = |task| !world.lives(task) && world.released_at(task) > self.begun;
        let told = self.whole && self.begun != 0 && !self.is_moving();
        told && world.holder(pid).is_some_and(released)
    }

    /// The tables are right about the PID namespace of this number: it is not one at the address of
    /// another that ended unseen.
    pub(super) fn space(&self, world: &World, upid: &Upid) -> Option<NsId> {
        let id = world.ns_at(upid.ns)?;
        if self.ends || Some(id) == world.root_ns() {
            return Some(id);
        }
        let init = world.ns(id).pid.as_ref().and_then(|space| space.init)?;
        let runs = world.live_holder(init).is_some_and(|task| world.runs(task));
        runs.then_some(id)
    }
}

/// A pid of a record for a reader.
pub(super) fn named(key: u64, vector: &[Upid]) -> Subject {
    Subject::pid_named(key, vector.iter().map(|upid| upid.nr))
}

/// Whether the acting task was born under the eyes of every hook: nothing it does began before.
pub(super) fn is_young(cx: &Cx<'_>, begun: u64) -> bool {
    let actor = cx.world.at_key(cx.event.header.actor).filter(|&task| cx.world.lives(task));
    actor.is_some_and(|task| begun != 0 && cx.world.born_at(task) > begun)
}
