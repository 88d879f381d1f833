//! `stats`: a recording in numbers, in memory that does not grow with it.

mod rate;
mod spaces;

use std::collections::BTreeMap;

use super::facts::{Identity, Named, Numbers};
use super::top::{Counter, Top};
use crate::event::Event;
use crate::model::{Change, Effect, TaskId, World};
use crate::view::{Report, Type, What};

pub use rate::Rate;
pub use spaces::{SpaceLife, Spaces};

/// Entries of a list of the greatest.
const LISTED: usize = 10;
/// Losses that are listed one by one.
const LOSSES: usize = 64;

/// Counts everything: give it every event, with the reports that are to be counted.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// The records, whatever they mean.
    pub records: Rate,
    /// Processes that were made.
    pub processes: u64,
    /// Threads that were made.
    pub threads: u64,
    /// Processes that ended.
    pub ended: u64,
    /// Of these, by exit code in wait(2)'s form; `None` where it was not seen.
    pub exits: BTreeMap<Option<i32>, u64>,
    /// Losses, the first ones.
    pub losses: Vec<Loss>,
    /// How many losses there were.
    pub gaps: u64,
    /// Records that were lost in all.
    pub lost: u64,
    /// Namespaces.
    pub spaces: Spaces,
    /// The numbers of the first task at the deepest level.
    pub deepest: Numbers,
    /// Most tasks at once, and when.
    pub most: (u64, u64),
    counts: [u64; Type::ALL.len()],
    creators: Top<Identity, Named>,
    tasks: u64,
}

/// Records that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The CPU.
    pub cpu: u16,
    /// Time of the last record before; 0 if there was none.
    pub since: u64,
    /// Time of the first record after.
    pub until: u64,
    /// How many.
    pub count: u64,
}

impl Stats {
    /// Begins with tables that are given, as a keyframe gives them.
    pub fn start(&mut self, world: &World) {
        self.tasks = world.counts().tasks as u64;
    }

    /// Takes one event; `world` is as it left it.
    pub fn add(&mut self, world: &World, event: &Event, change: &Change, reports: &[Report]) {
        let ts = event.header.ts;
        self.records.note(ts);
        for effect in &change.effects {
            match effect {
                Effect::Born(_) | Effect::Found(_) => {
                    self.tasks += 1;
                    if self.tasks > self.most.0 {
                        self.most = (self.tasks, ts);
                    }
                }
                Effect::Released { .. } | Effect::Vanished(_) => {
                    self.tasks = self.tasks.saturating_sub(1);
                }
                _ => (),
            }
        }
        for report in reports {
            self.count(world, report);
        }
    }

    fn count(&mut self, world: &World, report: &Report) {
        if let Some(count) = self.counts.get_mut(report.what.ty() as usize) {
            *count += 1;
        }
        match (&report.what, report.task) {
            (What::Fork { .. }, Some(task)) => self.born(world, report, task),
            (What::Snapshot, Some(task)) => self.deep(world, task),
            (What::Exit { code, group_dead, .. }, Some(task))
                if group_dead.unwrap_or(world.task(task).is_leader()) =>
            {
                self.ended += 1;
                *self.exits.entry(code.map(|code| code & 0xffff)).or_default() += 1;
            }
            (What::Lost { count, since }, _) => {
                self.gaps += 1;
                self.lost = self.lost.saturating_add(*count);
                if self.losses.len() < LOSSES {
                    let (cpu, until) = (report.cpu, report.ts);
                    self.losses.push(Loss { cpu, since: *since, until, count: *count });
                }
            }
            (What::NsCreate(ns), _) => self.spaces.made(world, *ns),
            (What::NsDestroy(ns), _) if world.ns(*ns).pid.is_some() => {
                self.spaces.ended(world, *ns);
            }
            _ => (),
        }
    }

    fn born(&mut self, world: &World, report: &Report, id: TaskId) {
        let task = world.task(id);
        if task.is_leader() {
            self.processes += 1;
        } else {
            self.threads += 1;
        }
        self.deep(world, id);
        let by = task.creator.map(|by| world.task(by).leader.unwrap_or(by));
        let label = by.and_then(|by| Named::of(world, by));
        let label = label.or(Named::numbered(report.actor_tgid, report.actor_tgid));
        if let Some(label) = label {
            let unknown = Identity { tid: label.tgid, birth: 0 };
            let identity = by.map_or(unknown, |by| Identity::of(world, by));
            self.creators.add(identity, 1, label);
        }
    }

    fn deep(&mut self, world: &World, id: TaskId) {
        if let Some(pid) = world.task(id).pid
            && world.pid(pid).numbers.len() > self.deepest.len()
        {
            self.deepest = Numbers::of(world, pid);
        }
    }

    /// The events have ended: counts what is left.
    pub fn finish(&mut self, world: &World) {
        self.spaces.finish(world);
    }

    /// Events of all types.
    pub fn events(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many of each type that occurred.
    pub fn by_type(&self) -> impl Iterator<Item = (Type, u64)> + '_ {
        Type::ALL.into_iter().zip(self.counts).filter(|&(_, count)| count > 0)
    }

    /// The processes that made most tasks, most first.
    pub fn creators(&self) -> Vec<Counter<Named>> {
        self.creators.greatest(LISTED)
    }
}
