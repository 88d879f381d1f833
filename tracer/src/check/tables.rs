//! The tables as the rules ask them: mostly for the same few objects, whose places are kept.

use std::{cell::Cell, ops::Deref};

use crate::model::{NsId, PidId, TaskId, World};

/// Objects of one record, at most, that are looked for more than once.
const KEPT: usize = 4;

/// The tables at one moment.
pub(super) struct Tables<'a> {
    world: &'a World,
    tasks: Memo<TaskId>,
    pids: Memo<PidId>,
    spaces: Memo<NsId>,
}

/// The latest answers, by key.
struct Memo<T> {
    known: [Cell<(u64, Option<T>)>; KEPT],
    next: Cell<u8>,
}

impl<T: Copy> Memo<T> {
    fn new() -> Self {
        Self { known: [const { Cell::new((0, None)) }; KEPT], next: Cell::new(0) }
    }

    /// The answer for a key; 0 is no object's.
    #[inline]
    fn get(&self, key: u64, find: impl FnOnce() -> Option<T>) -> Option<T> {
        if key == 0 {
            return None;
        }
        for known in &self.known {
            let (at, found) = known.get();
            if at == key {
                return found;
            }
        }
        let found = find();
        let next = usize::from(self.next.get()) % KEPT;
        if let Some(place) = self.known.get(next) {
            place.set((key, found));
        }
        self.next.set(next as u8 + 1);
        found
    }
}

impl<'a> Tables<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self { world, tasks: Memo::new(), pids: Memo::new(), spaces: Memo::new() }
    }

    /// [`World::at_key`].
    #[inline]
    pub(super) fn at_key(&self, key: u64) -> Option<TaskId> {
        self.tasks.get(key, || self.world.at_key(key))
    }

    /// [`World::pid_at`].
    #[inline]
    pub(super) fn pid_at(&self, key: u64) -> Option<PidId> {
        self.pids.get(key, || self.world.pid_at(key))
    }

    /// [`World::ns_at`].
    #[inline]
    pub(super) fn ns_at(&self, key: u64) -> Option<NsId> {
        self.spaces.get(key, || self.world.ns_at(key))
    }
}

impl Deref for Tables<'_> {
    type Target = World;
    fn deref(&self) -> &World {
        self.world
    }
}
