//! `pid … --at`: who had which number when, for one number or for all of a namespace.

use std::collections::{HashMap, VecDeque};

use super::doubt::Doubt;
use super::facts::{Identity, Numbers};
use super::lifetime::{Answer, Key, Lifetime, Since, Unknown};
use crate::event::{Body, Event};
use crate::filter::PidSpec;
use crate::model::{Change, Effect, PidId, TaskId, World};

/// Lifetimes that are kept: beyond that, those that ended first are dropped.
const MOST: usize = 1 << 20;

/// Collects lifetimes: give it every event, then ask.
#[derive(Clone, Debug)]
pub struct Lifetimes {
    /// The only number that is wanted, if it is one.
    nr: Option<i32>,
    /// Inode number of the PID namespace; `None` is the initial one.
    ns: Option<u32>,
    most: usize,
    /// The times that will be asked for.
    range: (u64, u64),
    /// Of each number, in order.
    all: HashMap<i32, VecDeque<Lifetime>>,
    /// Numbers whose oldest lifetime has ended, oldest end first.
    ended: VecDeque<i32>,
    dropped: u64,
    doubt: Doubt,
}

impl Lifetimes {
    /// Of one number.
    pub fn of(spec: PidSpec) -> Self {
        Self::collecting(Some(spec.nr), spec.ns)
    }

    /// Of every number in a PID namespace, by inode number; `None` is the initial one.
    pub fn within(ns: Option<u32>) -> Self {
        Self::collecting(None, ns)
    }

    fn collecting(nr: Option<i32>, ns: Option<u32>) -> Self {
        Self {
            nr,
            ns,
            most: MOST,
            range: (0, u64::MAX),
            all: HashMap::new(),
            ended: VecDeque::new(),
            dropped: 0,
            doubt: Doubt::default(),
        }
    }

    /// Only these times (ns since boot) will be asked for: what ended before or began after is not
    /// kept.
    #[must_use]
    pub fn between(mut self, from: u64, until: u64) -> Self {
        self.range = (from, until);
        self
    }

    /// At most so many lifetimes are kept, instead of about a million.
    #[must_use]
    pub fn at_most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// Begins with tables that are given as of this time, as a keyframe gives them.
    pub fn start(&mut self, world: &World, ts: u64) {
        self.doubt.start(world, ts);
        for pid in world.past_pids().chain(world.pids()).collect::<Vec<_>>() {
            self.meet(world, ts, pid, false);
            if let Some(task) = world.pid(pid).task {
                self.know(world, ts, task);
            }
            let freed = world.pid(pid).freed;
            if !world.pid(pid).is_live() {
                self.close(world, if freed == 0 { ts } else { freed }, pid, freed == 0);
            }
        }
    }

    /// Takes one event; `world` is as it left it.
    pub fn add(&mut self, world: &World, event: &Event, change: &Change) {
        self.doubt.note(world, event);
        let ts = event.header.ts;
        for effect in &change.effects {
            self.effect(world, ts, effect);
        }
        let seen = matches!(event.body, Body::AllocPid(_));
        if let Some(pid) = change.pid.filter(|&pid| world.pid(pid).is_live()) {
            self.meet(world, ts, pid, seen);
        }
        if let Some(task) = change.task {
            self.know(world, ts, task);
        }
    }

    fn effect(&mut self, world: &World, ts: u64, effect: &Effect) {
        match *effect {
            Effect::Born(task) => {
                if let Some(pid) = world.task(task).pid {
                    self.meet(world, ts, pid, true);
                }
                self.know(world, ts, task);
            }
            Effect::Found(task)
            | Effect::TidChanged { task, .. }
            | Effect::Renamed { task, .. } => self.know(world, ts, task),
            Effect::PidFreed { pid, inferred } => self.close(world, ts, pid, inferred),
            Effect::Released { task, .. } | Effect::Vanished(task) => {
                self.close_key(world.task(task).tid, Key::Task(task), ts, true);
            }
            _ => (),
        }
    }

    /// Asks whose the number was at a time, ns since boot. Of a number or a namespace that was not
    /// collected nothing is known.
    pub fn at(&self, nr: i32, ts: u64) -> Answer<'_> {
        let mut holder = None;
        let (mut before, mut after) = (None, None);
        for lifetime in self.of_number(nr) {
            if lifetime.covers(ts) {
                holder = Some(lifetime);
            } else if lifetime.from <= ts {
                before = Some(lifetime);
            } else if after.is_none() {
                after = Some(lifetime);
            }
        }
        if ts > self.doubt.ended() && holder.is_some_and(|by| by.until.is_none()) {
            before = holder;
        } else if let Some(by) = holder {
            return Answer::Held { by, sure: self.is_sure(by, ts) };
        }
        match self.unknown(ts) {
            Some(why) => Answer::Unknown { why, before, after },
            None if self.nr.is_some_and(|only| only != nr) => {
                Answer::Unknown { why: Unknown::Dropped(ts), before, after }
            }
            None => Answer::Free { before, after },
        }
    }

    /// Every lifetime of a number, in order.
    pub fn of_number(&self, nr: i32) -> impl Iterator<Item = &Lifetime> {
        self.all.get(&nr).into_iter().flatten()
    }

    /// When the events began and ended, and where they are doubtful.
    pub fn doubt(&self) -> &Doubt {
        &self.doubt
    }

    /// The PID namespace whose numbers are collected; `None` is the initial one.
    pub fn ns(&self) -> Option<u32> {
        self.ns
    }

    /// A holder is certain unless its end may have been lost before that time.
    fn is_sure(&self, by: &Lifetime, ts: u64) -> bool {
        let lost = self.doubt.at(ts).is_some_and(|(from, _)| from >= by.from);
        !(lost && (by.until_inferred || by.until.is_none()))
    }

    fn unknown(&self, ts: u64) -> Option<Unknown> {
        let began = self.doubt.began().unwrap_or(u64::MAX);
        if ts < began {
            return Some(Unknown::Before(began));
        }
        if ts > self.doubt.ended() {
            return Some(Unknown::After(self.doubt.ended()));
        }
        if ts < self.dropped || ts < self.range.0 || ts > self.range.1 {
            return Some(Unknown::Dropped(self.dropped.max(self.range.0)));
        }
        let (from, until) = self.doubt.at(ts)?;
        Some(if from == 0 { Unknown::Before(until) } else { Unknown::Lost { from, until } })
    }

    /// The number of a pid in the namespace, if it is wanted.
    fn number(&self, world: &World, pid: PidId) -> Option<i32> {
        let numbers = &world.pid(pid).numbers;
        let (_, nr) = *match self.ns {
            None => numbers.first()?,
            Some(inum) => numbers.iter().find(|&&(ns, nr)| {
                self.nr.is_none_or(|only| only == nr)
                    && ns.is_some_and(|ns| world.ns(ns).inum == inum)
            })?,
        };
        (nr > 0 && self.nr.is_none_or(|only| only == nr)).then_some(nr)
    }

    fn find(&mut self, nr: i32, key: Key) -> Option<&mut Lifetime> {
        let all = self.all.get_mut(&nr)?;
        all.iter_mut().rev().find(|it| it.key == key && it.until.is_none())
    }

    /// A pid with the number is there; a lifetime begins if it is new.
    fn meet(&mut self, world: &World, ts: u64, pid: PidId, seen: bool) {
        let Some(nr) = self.number(world, pid) else { return };
        let key = Key::Pid(pid);
        if ts > self.range.1 || self.find(nr, key).is_some() {
            return;
        }
        let own = world.pid(pid);
        let start = own.task.map_or(0, |task| world.task(task).birth);
        let (from, since) = match (seen, own.allocated, start) {
            (true, ..) => (ts, Since::Exact),
            (false, 0, 0) => (ts, Since::Before),
            (false, 0, start) => (start.min(ts), Since::Start),
            (false, allocated, _) => (allocated, Since::Exact),
        };
        let loose = own.task.map(Key::Task);
        if let Some(known) = loose.and_then(|loose| self.find(nr, loose)) {
            known.key = key;
            known.numbers = Numbers::of(world, pid);
            return;
        }
        let lifetime = Lifetime::new(key, Numbers::of(world, pid), from, since);
        self.all.entry(nr).or_default().push_back(lifetime);
    }

    /// A task that has the number says who it is.
    fn know(&mut self, world: &World, ts: u64, id: TaskId) {
        let task = world.task(id);
        let known = task.pid.filter(|&pid| !world.pid(pid).numbers.is_empty());
        let place = match known {
            Some(pid) => self.know_pid(world, ts, id, pid),
            None => self.know_loose(world, ts, id),
        };
        let Some((nr, key)) = place else { return };
        let Some(lifetime) = self.find(nr, key) else { return };
        if let Key::Pid(pid) = key
            && lifetime.numbers.len() < world.pid(pid).numbers.len()
        {
            lifetime.numbers = Numbers::of(world, pid);
        }
        if lifetime.since == Since::Before && task.birth != 0 && task.birth < lifetime.from {
            lifetime.from = task.birth;
            lifetime.since = Since::Start;
        }
        lifetime.identity = Identity::of(world, id);
        lifetime.tgid = task.tgid;
        lifetime.certainty = Some(task.certainty);
        lifetime.named(ts, task.comm);
    }

    /// The place of a task's pid.
    fn know_pid(&mut self, world: &World, ts: u64, id: TaskId, pid: PidId) -> Option<(i32, Key)> {
        let nr = self.number(world, pid).filter(|_| world.pid(pid).task == Some(id))?;
        if world.pid(pid).is_live() {
            self.meet(world, ts, pid, false);
        }
        Some((nr, Key::Pid(pid)))
    }

    /// The place of a task of which only its level-0 number is known.
    fn know_loose(&mut self, world: &World, ts: u64, id: TaskId) -> Option<(i32, Key)> {
        let (nr, key) = (world.task(id).tid, Key::Task(id));
        let wanted = self.ns.is_none() && self.nr.is_none_or(|only| only == nr);
        if !wanted || nr <= 0 || !world.task(id).is_live() || ts > self.range.1 {
            return None;
        }
        if self.find(nr, key).is_none() {
            let new = Lifetime::new(key, Numbers::of_task(world, id), ts, Since::Before);
            self.all.entry(nr).or_default().push_back(new);
        }
        Some((nr, key))
    }

    fn close(&mut self, world: &World, ts: u64, pid: PidId, inferred: bool) {
        if let Some(nr) = self.number(world, pid) {
            self.close_key(nr, Key::Pid(pid), ts, inferred);
        }
    }

    fn close_key(&mut self, nr: i32, key: Key, ts: u64, inferred: bool) {
        let Some(lifetime) = self.find(nr, key) else { return };
        lifetime.until = Some(ts);
        lifetime.until_inferred = inferred;
        self.ended.push_back(nr);
        let most = if ts < self.range.0 { 0 } else { self.most };
        while self.ended.len() > most {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(nr) = self.ended.pop_front() else { return };
        let Some(all) = self.all.get_mut(&nr) else { return };
        if let Some(at) = all.iter().position(|it| it.until.is_some())
            && let Some(gone) = all.remove(at)
        {
            self.dropped = self.dropped.max(gone.until.unwrap_or(0));
        }
        if all.is_empty() {
            self.all.remove(&nr);
        }
    }
}
