//! `history`: everything that happened to one number, which several tasks may have had in turn.

mod tell;

use super::facts::{Identity, Named, Numbers};
use super::life::{Came, Happening, Life, Still};
use crate::event::{Body, Event};
use crate::filter::PidSpec;
use crate::model::{Certainty, Change, Effect, PidId, TaskId, TaskState, World};
use crate::view::{Report, What};

/// Lives that are kept; of a number that was used more often, the first ones.
const LIVES: usize = 4096;

/// Follows one number: give it every event, then ask for its lives.
///
/// An event that has nothing to do with the number costs some comparisons and no memory.
#[derive(Clone, Debug)]
pub struct History {
    spec: PidSpec,
    lives: Vec<Life>,
    /// Those whose number is in use. Two at once only where an inode number was used again.
    open: Vec<usize>,
    more: u64,
    end: u64,
}

impl History {
    /// Follows this number.
    pub fn new(spec: PidSpec) -> Self {
        Self { spec, lives: Vec::new(), open: Vec::new(), more: 0, end: 0 }
    }

    /// The number that is followed.
    pub fn spec(&self) -> PidSpec {
        self.spec
    }

    /// The lives of the number, in order.
    pub fn lives(&self) -> &[Life] {
        &self.lives
    }

    /// When the events ended, as [`History::finish`] was told.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Lives that were left out because there are too many.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Takes one event; `world` is as it left it.
    pub fn add(&mut self, world: &World, event: &Event, change: &Change, reports: &[Report]) {
        let ts = event.header.ts;
        if let Some(pid) = change.pid {
            self.meet_pid(world, event, pid);
        }
        if let Some(task) = change.task {
            self.meet_task(world, ts, task);
        }
        for task in reports.iter().filter_map(|report| report.task) {
            self.meet_task(world, ts, task);
        }
        if self.open.is_empty() {
            return;
        }
        for effect in &change.effects {
            self.moved(world, ts, effect);
        }
        let mut at = 0;
        while let Some(&index) = self.open.get(at) {
            let Some(life) = self.lives.get_mut(index) else { break };
            for report in reports {
                let vanished = change
                    .effects
                    .iter()
                    .any(|it| matches!(it, Effect::Vanished(id) if Some(*id) == report.task));
                life.take(world, report, vanished);
            }
            if life.has_ended() {
                self.open.remove(at);
            } else {
                at += 1;
            }
        }
    }

    /// The events have ended, at this time: says how what is still there is.
    pub fn finish(&mut self, world: &World, end: u64) {
        self.end = end;
        for &index in &self.open {
            if let Some(life) = self.lives.get_mut(index) {
                life.still = Some(life.state(world));
            }
        }
    }

    /// An event is about a pid: a life begins if it has the number.
    fn meet_pid(&mut self, world: &World, event: &Event, pid: PidId) {
        if !self.means(world, pid) || self.has(pid) || !world.pid(pid).is_live() {
            return;
        }
        let ts = event.header.ts;
        match &event.body {
            Body::AllocPid(_) => {
                let header = &event.header;
                let by = world.find_task(header.actor_tid).and_then(|id| Named::of(world, id));
                let by = by.or(Named::numbered(header.actor_tid, header.actor_tgid));
                self.begin(world, ts, Some(pid), Came::Seen);
                self.tell(ts, Happening::Allocated { by });
            }
            Body::HeldPid(_) => {
                self.begin(world, ts, Some(pid), Came::Found);
                self.tell(ts, Happening::FoundHeld);
            }
            _ => (),
        }
    }

    /// An event is about a task: a life begins if it has the number and is not known yet.
    fn meet_task(&mut self, world: &World, ts: u64, id: TaskId) {
        let task = world.task(id);
        let known = task.pid.filter(|&pid| !world.pid(pid).numbers.is_empty());
        let Some(pid) = known else {
            let loose = self.spec.ns.is_none() && task.tid == self.spec.nr && task.is_live();
            if loose && !self.has_task(id) {
                self.begin(world, ts, None, Came::Found);
                self.settle(world, id);
            }
            return;
        };
        if !self.means(world, pid) || !world.pid(pid).is_live() {
            return;
        }
        if !self.has(pid) {
            let unnumbered = self.open.iter().copied().find(|&index| {
                self.lives.get(index).is_some_and(|it| it.pid.is_none() && it.task == Some(id))
            });
            match unnumbered.and_then(|index| self.lives.get_mut(index)) {
                Some(life) => {
                    life.pid = Some(pid);
                    life.numbers = Numbers::of(world, pid);
                }
                None => self.begin(world, ts, Some(pid), Came::Found),
            }
        }
        if world.pid(pid).task == Some(id) {
            self.settle(world, id);
        }
    }

    /// The open life of a task's pid (or of the task) knows its task.
    fn settle(&mut self, world: &World, id: TaskId) {
        let pid = world.task(id).pid;
        for &index in &self.open {
            let Some(life) = self.lives.get_mut(index) else { continue };
            let own = life.pid.is_some() && life.pid == pid || life.pid.is_none();
            if own && life.task.is_none_or(|had| had == id) {
                life.task = Some(id);
                life.know(world, id);
            }
        }
    }

    /// An exec by a thread swaps two pids.
    fn moved(&mut self, world: &World, ts: u64, effect: &Effect) {
        let Effect::TidChanged { task, old, new } = *effect else { return };
        for &index in &self.open {
            let Some(life) = self.lives.get_mut(index).filter(|life| life.pid.is_some()) else {
                continue;
            };
            let before = old.map_or(world.task(task).birth_tid, |old| world.pid(old).nr());
            if life.pid == new && life.task != Some(task) {
                if world.task(task).is_leader() {
                    life.push(ts, Happening::TakenOver { tid: before });
                }
                life.task = Some(task);
                life.know(world, task);
            } else if life.pid == old && world.task(task).is_leader() {
                life.push(ts, Happening::MovedTo { tid: world.task(task).tid });
            }
        }
    }

    fn begin(&mut self, world: &World, ts: u64, pid: Option<PidId>, came: Came) {
        if self.lives.len() >= LIVES {
            self.more += 1;
            return;
        }
        self.open.push(self.lives.len());
        self.lives.push(Life {
            numbers: pid.map(|pid| Numbers::of(world, pid)).unwrap_or_default(),
            ino: pid.map_or(0, |pid| world.pid(pid).ino),
            came,
            since: ts,
            identity: Identity::default(),
            comm: [0; 16],
            tgid: 0,
            certainty: None,
            threads: 0,
            children: 0,
            entries: Vec::new(),
            more: 0,
            lost: 0,
            still: None,
            pid,
            task: None,
        });
    }

    /// Something happened in the life that has just begun.
    fn tell(&mut self, ts: u64, what: Happening) {
        if let Some(life) = self.open.last().and_then(|&index| self.lives.get_mut(index)) {
            life.push(ts, what);
        }
    }

    fn has(&self, pid: PidId) -> bool {
        self.open.iter().any(|&index| self.lives.get(index).is_some_and(|it| it.pid == Some(pid)))
    }

    fn has_task(&self, id: TaskId) -> bool {
        self.open.iter().any(|&index| self.lives.get(index).is_some_and(|it| it.task == Some(id)))
    }

    fn means(&self, world: &World, pid: PidId) -> bool {
        means(self.spec, world, pid)
    }
}

/// Whether a pid has the number that is meant.
pub(super) fn means(spec: PidSpec, world: &World, pid: PidId) -> bool {
    let numbers = &world.pid(pid).numbers;
    match spec.ns {
        None => numbers.first().is_some_and(|&(_, nr)| nr == spec.nr),
        Some(inum) => numbers
            .iter()
            .any(|&(ns, nr)| nr == spec.nr && ns.is_some_and(|ns| world.ns(ns).inum == inum)),
    }
}

impl Life {
    /// Notes what is known of the task that has the number.
    fn know(&mut self, world: &World, id: TaskId) {
        let task = world.task(id);
        if self.numbers.is_empty() {
            self.numbers = Numbers::of_task(world, id);
        }
        if let Some(pid) = self.pid
            && self.numbers.len() < world.pid(pid).numbers.len()
        {
            self.numbers = Numbers::of(world, pid);
        }
        self.identity = Identity::of(world, id);
        self.comm = task.comm;
        self.tgid = task.tgid;
        self.certainty = Some(task.certainty);
    }

    /// Its number is free again, or (where its pid was never known) its task is released.
    fn has_ended(&self) -> bool {
        match self.entries.last().map(|entry| &entry.what) {
            Some(Happening::Freed { .. }) => true,
            Some(Happening::Released { .. }) => self.pid.is_none(),
            _ => false,
        }
    }

    /// How it is now.
    fn state(&self, world: &World) -> Still {
        let Some(id) = self.task else {
            return match self.pid.map(|pid| world.pid(pid)) {
                Some(pid) if pid.pgrp_users + pid.session_users > 0 => {
                    Still::Held { groups: pid.pgrp_users, sessions: pid.session_users }
                }
                _ => Still::Allocated,
            };
        };
        let task = world.task(id);
        match task.state {
            TaskState::Running => Still::Running,
            TaskState::Zombie => {
                Still::Zombie { since: task.exited, parent: Named::parent(world, id) }
            }
            TaskState::Released | TaskState::Freed => {
                let pid = self.pid.map(|pid| world.pid(pid));
                Still::Held {
                    groups: pid.map_or(0, |pid| pid.pgrp_users),
                    sessions: pid.map_or(0, |pid| pid.session_users),
                }
            }
        }
    }

    /// What a report says of it, if anything.
    fn take(&mut self, world: &World, report: &Report, vanished: bool) {
        let own = match (&report.what, report.task) {
            (What::Lost { count, since }, _) => {
                self.lost = self.lost.saturating_add(*count);
                self.push(report.ts, Happening::Lost { count: *count, since: *since });
                return;
            }
            (What::FreePid { pid, .. }, _) => self.pid == Some(*pid),
            (What::AllocPid(_), _) | (_, None) => false,
            (_, Some(task)) => self.task == Some(task),
        };
        if let (What::Fork { .. }, Some(task), Some(id)) = (&report.what, report.task, self.task)
            && world.task(task).is_leader()
        {
            let creator = world.task(task).creator.map(|by| world.task(by).leader.unwrap_or(by));
            self.children += u64::from(creator == Some(id));
        }
        if own {
            tell::own(self, world, report, vanished);
        } else if let (Some(id), Some(task)) = (self.task, report.task)
            && id != task
            && world.task(task).leader == Some(id)
        {
            tell::thread(self, world, report, task);
        }
    }

    /// A task was found with the number: by a sweep, or by the first event that names it.
    fn certainty_or_inferred(&self) -> Certainty {
        self.certainty.unwrap_or(Certainty::Inferred)
    }
}
