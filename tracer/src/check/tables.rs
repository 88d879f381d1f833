//! The tables as the rules ask them: mostly for the same few objects, whose places are kept.

use std::{cell::Cell, ops::Deref};

use crate::model::{NsId, PidId, TaskId, World};

/// Places of each kind that are kept: records name few objects, and keys are mixed.
const KEPT: usize = 16;

/// The tables at one moment.
pub(super) struct Tables<'a> {
    world: &'a World,
    places: &'a Places,
    now: u64,
}

/// Where the objects of a record were found in the tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    tasks: Memo<TaskId>,
    pids: Memo<PidId>,
    spaces: Memo<NsId>,
    /// Pids by their level-0 number.
    numbers: Memo<PidId>,
    /// Which moment it is, from 1 on.
    now: Cell<u64>,
}

/// The latest answers, each in the place of its key.
#[derive(Clone, Debug)]
struct Memo<T: Copy>([Cell<Known<T>>; KEPT]);

/// An answer.
#[derive(Clone, Copy, Debug)]
struct Known<T> {
    key: u64,
    /// At which moment it was given; it says nothing at others.
    at: u64,
    found: Option<T>,
}

impl<T: Copy> Default for Memo<T> {
    fn default() -> Self {
        Self([const { Cell::new(Known { key: 0, at: 0, found: None }) }; KEPT])
    }
}

impl<T: Copy> Memo<T> {
    /// The answer for a key at this moment; 0 is no object's.
    #[inline]
    fn get(&self, now: u64, key: u64, find: impl FnOnce() -> Option<T>) -> Option<T> {
        if key == 0 {
            return None;
        }
        let place = self.0.get(key as usize % KEPT)?; // always there
        let known = place.get();
        if known.key == key && known.at == now {
            return known.found;
        }
        Self::ask(place, now, key, find)
    }

    #[inline(never)]
    fn ask(
        place: &Cell<Known<T>>,
        at: u64,
        key: u64,
        find: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let found = find();
        place.set(Known { key, at, found });
        found
    }
}

impl<'a> Tables<'a> {
    /// The tables now: what was found before may have moved.
    #[inline]
    pub(super) fn new(world: &'a World, places: &'a Places) -> Self {
        let now = places.now.get() + 1;
        places.now.set(now);
        Self { world, places, now }
    }

    /// [`World::at_key`].
    #[inline]
    pub(super) fn at_key(&self, key: u64) -> Option<TaskId> {
        self.places.tasks.get(self.now, key, || self.world.at_key(key))
    }

    /// [`World::pid_at`].
    #[inline]
    pub(super) fn pid_at(&self, key: u64) -> Option<PidId> {
        self.places.pids.get(self.now, key, || self.world.pid_at(key))
    }

    /// [`World::find_pid_ns`].
    #[inline]
    pub(super) fn find_pid_ns(&self, nr: i32, ns: NsId) -> Option<PidId> {
        if nr <= 0 || self.world.root_ns() != Some(ns) {
            return self.world.find_pid_ns(nr, ns);
        }
        self.places.numbers.get(self.now, nr as u64, || self.world.find_pid_ns(nr, ns))
    }

    /// [`World::find_task`].
    #[inline]
    pub(super) fn find_task(&self, tid: i32) -> Option<TaskId> {
        let pid = self.world.root_ns().and_then(|root| self.find_pid_ns(tid, root));
        let task = pid.and_then(|pid| self.world.live_holder(pid));
        task.or_else(|| self.world.find_loose(tid))
    }

    /// [`World::ns_at`].
    #[inline]
    pub(super) fn ns_at(&self, key: u64) -> Option<NsId> {
        self.places.spaces.get(self.now, key, || self.world.ns_at(key))
    }
}

impl Deref for Tables<'_> {
    type Target = World;
    #[inline]
    fn deref(&self) -> &World {
        self.world
    }
}
