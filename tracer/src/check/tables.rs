//! The tables as the rules ask them: mostly for the same few objects, whose places are kept.

use std::{cell::Cell, ops::Deref};

use crate::model::{NsId, PidId, TaskId, World};

/// Objects of one record, at most, whose places are kept.
const KEPT: usize = 6;

/// The tables at one moment.
pub(super) struct Tables<'a> {
    world: &'a World,
    places: &'a Places,
}

/// Where the objects of a record were found in the tables.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    tasks: Memo<TaskId>,
    pids: Memo<PidId>,
    spaces: Memo<NsId>,
}

/// The first answers at this moment, by key.
#[derive(Clone, Debug)]
struct Memo<T: Copy> {
    known: [Cell<(u64, Option<T>)>; KEPT],
    len: Cell<usize>,
}

impl<T: Copy> Default for Memo<T> {
    fn default() -> Self {
        Self { known: [const { Cell::new((0, None)) }; KEPT], len: Cell::new(0) }
    }
}

impl<T: Copy> Memo<T> {
    /// The answer for a key; 0 is no object's.
    #[inline]
    fn get(&self, key: u64, find: impl FnOnce() -> Option<T>) -> Option<T> {
        if key == 0 {
            return None;
        }
        let len = self.len.get();
        for known in self.known.iter().take(len) {
            let (at, found) = known.get();
            if at == key {
                return found;
            }
        }
        let found = find();
        if let Some(place) = self.known.get(len) {
            place.set((key, found));
            self.len.set(len + 1);
        }
        found
    }
}

impl<'a> Tables<'a> {
    /// The tables now: what was found before may have moved.
    #[inline]
    pub(super) fn new(world: &'a World, places: &'a Places) -> Self {
        places.tasks.len.set(0);
        places.pids.len.set(0);
        places.spaces.len.set(0);
        Self { world, places }
    }

    /// [`World::at_key`].
    #[inline]
    pub(super) fn at_key(&self, key: u64) -> Option<TaskId> {
        self.places.tasks.get(key, || self.world.at_key(key))
    }

    /// [`World::pid_at`].
    #[inline]
    pub(super) fn pid_at(&self, key: u64) -> Option<PidId> {
        self.places.pids.get(key, || self.world.pid_at(key))
    }

    /// [`World::ns_at`].
    #[inline]
    pub(super) fn ns_at(&self, key: u64) -> Option<NsId> {
        self.places.spaces.get(key, || self.world.ns_at(key))
    }
}

impl Deref for Tables<'_> {
    type Target = World;
    #[inline]
    fn deref(&self) -> &World {
        self.world
    }
}
