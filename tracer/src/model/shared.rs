//! Values that many entries have in common, each stored once and counted.

use super::hash::fold;
use super::index::Index;

/// The store of one kind of values.
#[derive(Clone, Debug)]
pub(super) struct Shared<T> {
    values: Vec<(T, u32)>,
    free: Vec<u32>,
    index: Index,
}

/// A value that can be found by what it is.
pub(super) trait Common: Copy + Eq {
    /// All of it, for the hash.
    fn words(&self) -> impl Iterator<Item = u64>;
}

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self { values: Vec::new(), free: Vec::new(), index: Index::default() }
    }
}

impl<T: Common> Shared<T> {
    /// The value's number; one more uses it. `true` if it is the first.
    pub(super) fn take(&mut self, value: &T) -> (u32, bool) {
        let hash = fold(value.words());
        let values = &mut self.values;
        let is = |slot: u32| values.get(slot as usize).is_some_and(|(known, _)| known == value);
        if let Some(slot) = self.index.find(hash, is) {
            self.keep(slot);
            return (slot, false);
        }
        let slot = self.free.pop().unwrap_or(values.len() as u32);
        match values.get_mut(slot as usize) {
            Some(place) => *place = (*value, 1),
            None => values.push((*value, 1)),
        }
        let rehash = |slot: u32| values.get(slot as usize).map_or(0, |(at, _)| fold(at.words()));
        self.index.insert(hash, slot, rehash);
        (slot, true)
    }

    /// One more uses it.
    #[inline]
    pub(super) fn keep(&mut self, slot: u32) {
        if let Some((_, users)) = self.values.get_mut(slot as usize) {
            *users += 1;
        }
    }

    /// One less uses it. The value, if that was the last.
    #[inline]
    pub(super) fn drop(&mut self, slot: u32) -> Option<T> {
        let (value, users) = self.values.get_mut(slot as usize)?;
        *users = users.checked_sub(1)?;
        if *users > 0 {
            return None;
        }
        let value = *value;
        self.index.remove(fold(value.words()), slot);
        self.free.push(slot);
        Some(value)
    }

    /// The value.
    #[inline]
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.values.get(slot as usize).map(|(value, _)| value)
    }

    /// Every value that is used, and by how many.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &T, u32)> + '_ {
        let values = self.values.iter().enumerate();
        values
            .filter(|(_, (_, users))| *users > 0)
            .map(|(slot, (value, users))| (slot as u32, value, *users))
    }
}

impl Common for [u8; 16] {
    fn words(&self) -> impl Iterator<Item = u64> {
        self.as_chunks().0.iter().map(|half| u64::from_le_bytes(*half))
    }
}
