//! Forks that failed, and the limit that refused each.

mod refusal;

use std::collections::{BTreeMap, VecDeque};

use super::super::facts::{Named, Space};
use super::{exemplify, process};
use crate::event::{AllocFail, Event, ForkFail};
use crate::model::{Change, NsFate, NsId, NsKind, World};

pub use refusal::Refusal;
use refusal::{Caller, of_alloc, of_fork};

/// Kinds of failures that are counted apart.
const KINDS: usize = 1024;
/// Failures under way that are remembered until the fork itself is known to have failed.
const PENDING: usize = 64;
/// How long a pid's end and the end of the fork that gave it up may lie apart, ns.
const SOON: u64 = 1_000_000_000;

/// The top bit of `pid_allocated`: the namespace takes pids.
const ADDING: u32 = 1 << 31;

/// Forks that failed.
#[derive(Clone, Debug, Default)]
pub struct Failures {
    /// How many.
    pub total: u64,
    /// By what refused, the most frequent first.
    pub kinds: Vec<Failure>,
    /// Failures that are in none of these, as there are too many kinds.
    pub other: u64,
}

/// Failures for one reason in one namespace.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What refused.
    pub refusal: Refusal,
    /// The errno, positive.
    pub errno: i32,
    /// Inode number of the PID namespace that the child was to be born in, or of the one above it
    /// that had no number left; 0 if unknown.
    pub inum: u32,
    /// The same namespace, where the tables know it.
    pub space: Option<Space>,
    /// Numbers in use in it when the last one failed; 0 if unknown.
    pub in_use: u32,
    /// Its `pid_max`; 0 if it has none of its own, or unknown.
    pub pid_max: u32,
    /// How many.
    pub count: u64,
    /// Some of the processes that were refused.
    pub processes: Vec<Named>,
}

/// What a task did that may be part of a fork that fails.
#[derive(Clone, Copy, Debug)]
struct Pending {
    actor: u64,
    ts: u64,
    step: Step,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    /// `alloc_pid` refused it a pid; who it is.
    Refused(AllocFail, Option<Named>),
    /// It gave up a pid that no task ever had.
    Freed,
}

type Key = (Refusal, i32, u32);

/// Failures as they come.
#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    pending: VecDeque<Pending>,
    kinds: BTreeMap<Key, Failure>,
    total: u64,
    other: u64,
}

impl Watch {
    /// A fork has succeeded: what its caller did before was part of something else.
    pub(super) fn forked(&mut self, event: &Event) {
        if !self.pending.is_empty() {
            self.take(event.header.actor);
        }
    }

    /// A pid is free. One that was allocated under our eyes and that no task had was made by a fork
    /// which now fails.
    pub(super) fn freed(&mut self, world: &World, event: &Event, change: &Change) {
        let Some(pid) = change.pid.filter(|&pid| world.holder(pid).is_none()) else { return };
        if world.pid(pid).allocated != 0 {
            self.push(world, event, Step::Freed);
        }
    }

    /// `alloc_pid` has refused.
    pub(super) fn refused(&mut self, world: &World, event: &Event, fail: &AllocFail) {
        let header = &event.header;
        let named = world.at_key(header.actor).and_then(|actor| process(world, actor));
        let named = named.or(Named::numbered(header.actor_tgid, header.actor_tgid));
        self.push(world, event, Step::Refused(*fail, named));
    }

    fn push(&mut self, world: &World, event: &Event, step: Step) {
        let (actor, ts) = (event.header.actor, event.header.ts);
        if let Some(Pending { step: Step::Refused(fail, who), .. }) = self.take(actor) {
            self.unfinished(world, &fail, who);
        }
        if self.pending.len() >= PENDING
            && let Some(Pending { step: Step::Refused(fail, who), .. }) = self.pending.pop_front()
        {
            self.unfinished(world, &fail, who);
        }
        self.pending.push_back(Pending { actor, ts, step });
    }

    fn take(&mut self, actor: u64) -> Option<Pending> {
        let at = self.pending.iter().position(|it| it.actor == actor)?;
        self.pending.remove(at)
    }

    /// A pid was refused, and how the fork ended was not seen: it has failed all the same.
    fn unfinished(&mut self, world: &World, fail: &AllocFail, who: Option<Named>) {
        let asked = space(world, fail.ns, fail.inum);
        let refusal = of_alloc(fail.errno, fail.allocated & ADDING != 0, dead(world, asked));
        self.count(world, (refusal, fail.errno, fail.inum), asked, who, fail.allocated & !ADDING);
    }

    /// A fork has failed. `pids`: its pid would have been seen.
    pub(super) fn failed(&mut self, world: &World, event: &Event, fail: &ForkFail, pids: bool) {
        let header = &event.header;
        let caller = world.at_key(header.actor);
        let who = caller.and_then(|caller| process(world, caller));
        let who = who.or(Named::numbered(header.actor_tgid, header.actor_tgid));
        let asked = space(world, fail.ns, fail.inum);
        let before = self.take(header.actor);
        let before = before.filter(|it| header.ts.saturating_sub(it.ts) <= SOON);
        let (refusal, in_use) = match before.map(|it| it.step) {
            Some(Step::Refused(alloc, _)) => {
                let inner = space(world, alloc.ns, alloc.inum);
                let (adding, dead) = (alloc.allocated & ADDING != 0, dead(world, inner));
                let refusal = of_alloc(alloc.errno, adding, dead);
                let key = (refusal, fail.errno, alloc.inum);
                self.count(world, key, inner, who, alloc.allocated & !ADDING);
                return;
            }
            step => {
                let caller = Caller {
                    had_pid: step.is_some(),
                    pids,
                    root: caller.is_some_and(|caller| world.ids_of(caller).0 == Some(0)),
                    level: asked.map(|ns| world.ns(ns).level()),
                    dead: dead(world, asked),
                };
                (of_fork(fail, &caller), 0)
            }
        };
        self.count(world, (refusal, fail.errno, fail.inum), asked, who, in_use);
    }

    fn count(
        &mut self,
        world: &World,
        (refusal, errno, inum): Key,
        asked: Option<NsId>,
        who: Option<Named>,
        in_use: u32,
    ) {
        self.total += 1;
        let full = (refusal == Refusal::PidMax).then(|| asked.map(|ns| fullest(world, ns)));
        let at = full.flatten().or(asked);
        let space = at.map(|ns| Space::of(world, ns));
        let inum = space.map_or(inum, |space| space.inum);
        let key = (refusal, errno, inum);
        if !self.kinds.contains_key(&key) && self.kinds.len() >= KINDS {
            self.other += 1;
            return;
        }
        let pid = at.and_then(|ns| world.ns(ns).pid.as_ref());
        let in_use = if at == asked { in_use } else { pid.map_or(0, |pid| pid.members) };
        let failure = self.kinds.entry(key).or_insert_with(|| Failure {
            refusal,
            errno,
            inum,
            space,
            in_use: 0,
            pid_max: 0,
            count: 0,
            processes: Vec::new(),
        });
        failure.count += 1;
        (failure.space, failure.in_use) = (space, in_use);
        failure.pid_max = pid.map_or(0, |pid| pid.pid_max);
        exemplify(&mut failure.processes, who);
    }

    /// Nothing follows any more.
    pub(super) fn finish(&mut self, world: &World) {
        for pending in std::mem::take(&mut self.pending) {
            if let Step::Refused(fail, who) = pending.step {
                self.unfinished(world, &fail, who);
            }
        }
    }

    pub(super) fn found(self) -> Failures {
        let mut kinds: Vec<Failure> = self.kinds.into_values().collect();
        kinds.sort_by_key(|it| std::cmp::Reverse(it.count));
        Failures { total: self.total, kinds, other: self.other }
    }
}

fn space(world: &World, key: u64, inum: u32) -> Option<NsId> {
    world.ns_at(key).or_else(|| world.find_ns(NsKind::Pid, inum))
}

/// The PID namespace and those above it.
fn chain(world: &World, ns: Option<NsId>) -> impl Iterator<Item = NsId> + '_ {
    let above = |&ns: &NsId| world.ns(ns).pid.as_ref()?.parent;
    std::iter::successors(ns, above).take(tracer_ebpf::wire::MAX_UPIDS)
}

/// The init of the namespace, or of one above it, is dying or dead.
fn dead(world: &World, ns: Option<NsId>) -> bool {
    chain(world, ns).any(|ns| {
        let ns = world.ns(ns);
        let had_init = ns.pid.as_ref().is_some_and(|pid| pid.init.is_some());
        ns.fate == NsFate::Dying || ns.fate == NsFate::Held && had_init
    })
}

/// Of a namespace and those above it: the one with the least room below its `pid_max`. Where
/// `pid_max` is global, the initial namespace has the most numbers in use.
fn fullest(world: &World, ns: NsId) -> NsId {
    let room = |&ns: &NsId| {
        let pid = world.ns(ns).pid.as_ref().filter(|pid| pid.pid_max != 0)?;
        Some((pid.pid_max.saturating_sub(pid.members), ns))
    };
    let chain: Vec<NsId> = chain(world, Some(ns)).collect();
    let least = chain.iter().filter_map(room).min_by_key(|&(room, _)| room);
    least.map(|(_, ns)| ns).or(chain.last().copied()).unwrap_or(ns)
}
