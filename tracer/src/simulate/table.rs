//! Tables of the toy's objects: entries with a handle, whose places are used again.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

/// A handle into a `Table`.
pub struct Id<T>(u32, PhantomData<fn() -> T>);

impl<T> Id<T> {
    pub(super) const fn new(at: u32) -> Self {
        Self(at, PhantomData)
    }

    /// Its place.
    pub(super) fn slot(self) -> u32 {
        self.0
    }
}

impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T> Eq for Id<T> {}

impl<T> std::fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Objects of one kind.
#[derive(Clone, Debug)]
pub(super) struct Table<T> {
    slots: Vec<T>,
    used: Vec<bool>,
    free: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), used: Vec::new(), free: Vec::new() }
    }
}

impl<T> Table<T> {
    pub(super) fn insert(&mut self, value: T) -> Id<T> {
        if let Some(at) = self.free.pop() {
            self.slots[at as usize] = value;
            self.used[at as usize] = true;
            return Id::new(at);
        }
        self.slots.push(value);
        self.used.push(true);
        Id::new(self.slots.len() as u32 - 1)
    }

    pub(super) fn remove(&mut self, id: Id<T>) {
        if std::mem::take(&mut self.used[id.0 as usize]) {
            self.free.push(id.0);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        let used = self.slots.iter().zip(&self.used).enumerate();
        used.filter(|(_, (_, used))| **used).map(|(at, (slot, _))| (Id::new(at as u32), slot))
    }
}

impl<T> Index<Id<T>> for Table<T> {
    type Output = T;
    #[inline]
    fn index(&self, id: Id<T>) -> &T {
        &self.slots[id.0 as usize]
    }
}

impl<T> IndexMut<Id<T>> for Table<T> {
    #[inline]
    fn index_mut(&mut self, id: Id<T>) -> &mut T {
        &mut self.slots[id.0 as usize]
    }
}

/// The cookies of a slab's objects: what is freed is soon given out again.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab(Vec<u64>);

impl Slab {
    pub(super) fn get(&mut self, random: &mut super::random::Random) -> u64 {
        match self.0.len() {
            0 => random.number() | 1,
            _ if random.percent(10) => random.number() | 1,
            len => {
                let near = len - 1 - random.below(len.min(3));
                self.0.swap_remove(near)
            }
        }
    }

    pub(super) fn put(&mut self, key: u64) {
        self.0.push(key);
    }
}
