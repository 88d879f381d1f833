//! `stats`: a recording in numbers, in memory that does not grow with it.

mod rate;
mod spaces;
mod top;

use std::collections::BTreeMap;

use super::facts::{Identity, Named, Numbers};
use crate::event::Event;
use crate::model::{Change, Effect, TaskId, TaskState, World};
use crate::view::{Report, Type, What};

pub use rate::Rate;
pub use spaces::{SpaceLife, Spaces};
pub use top::Counter;
use top::Top;

/// Entries of a list of the greatest.
const LISTED: usize = 10;
/// Losses that are listed one by one.
const LOSSES: usize = 64;
/// Combinations of errno and namespace that are counted apart.
const FAILURES: usize = 1024;

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
    /// Failed forks, by errno and by the inode number of the PID namespace (0 if unknown).
    pub failures: BTreeMap<(i32, u32), u64>,
    /// Failed forks that are in none of these, as there are too many.
    pub other_failures: u64,
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
    /// Zombies that were left when the events ended, by who ought to reap them, most first.
    pub left: Vec<Left>,
    /// Parents of left zombies that are not in the list.
    pub left_more: u64,
    counts: [u64; Type::ALL.len()],
    creators: Top<Identity, Named>,
    parents: Top<Identity, Named>,
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

/// Zombies that one process has not reaped.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    /// Who ought to have reaped them; `None` if unknown.
    pub parent: Option<Named>,
    /// How many.
    pub count: u64,
    /// When the oldest of them exited; 0 if unknown.
    pub since: u64,
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
            (What::Release { zombie: Some(ns), .. }, Some(task)) => self.reaped(world, task, *ns),
            (What::ForkFail { errno, inum, .. }, _) => self.failed(*errno, *inum),
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

    fn reaped(&mut self, world: &World, id: TaskId, zombie: u64) {
        let task = world.task(id);
        if !task.is_leader() {
            return;
        }
        if let Some(label) = Named::parent(world, id) {
            let parent = task.real_parent.map(|it| world.task(it).leader.unwrap_or(it));
            let unknown = Identity { tid: label.tgid, birth: 0 };
            let identity = parent.map_or(unknown, |it| Identity::of(world, it));
            self.parents.add(identity, zombie, label);
        }
    }

    fn failed(&mut self, errno: i32, inum: u32) {
        let known = self.failures.contains_key(&(errno, inum));
        if known || self.failures.len() < FAILURES {
            *self.failures.entry((errno, inum)).or_default() += 1;
        } else {
            self.other_failures += 1;
        }
    }

    /// The events have ended: counts what is left.
    pub fn finish(&mut self, world: &World) {
        self.spaces.finish(world, self.records.last);
        let mut left: BTreeMap<i32, Left> = BTreeMap::new();
        for id in world.tasks() {
            let task = world.task(id);
            if task.state != TaskState::Zombie || !task.is_leader() {
                continue;
            }
            let parent = Named::parent(world, id);
            let new = Left { parent, count: 0, since: task.exited };
            let entry = left.entry(task.ppid).or_insert(new);
            entry.count += 1;
            entry.since = entry.since.min(task.exited);
        }
        let mut left: Vec<Left> = left.into_values().collect();
        left.sort_by_key(|it| std::cmp::Reverse(it.count));
        self.left_more = left.len().saturating_sub(LISTED) as u64;
        left.truncate(LISTED);
        self.left = left;
    }

    /// Events of all types.
    pub fn events(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// How many of each type that occurred.
    pub fn by_type(&self) -> impl Iterator<Item = (Type, u64)> + '_ {
        Type::ALL.into_iter().zip(self.counts).filter(|&(_, count)| count > 0)
    }

    /// Forks that failed.
    pub fn failed_forks(&self) -> u64 {
        self.failures.values().sum::<u64>() + self.other_failures
    }

    /// The processes that made most tasks, most first.
    pub fn creators(&self) -> Vec<Counter<Named>> {
        self.creators.greatest(LISTED)
    }

    /// The processes whose children were zombies longest, in all, before they were reaped. The
    /// weight is that time in ns.
    pub fn zombie_parents(&self) -> Vec<Counter<Named>> {
        self.parents.greatest(LISTED)
    }
}
