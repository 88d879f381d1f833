//! What the indexes have answered lately: most records name the same few objects, and the checks ask
//! for them before the tables do.

use std::cell::Cell;

/// Answers that are kept, each in the place of its key.
const KEPT: usize = 128;

/// The latest answers of an index. Whoever changes it forgets the key.
#[derive(Clone, Debug)]
pub(super) struct Memo<T: Copy>(Box<[Cell<Known<T>>; KEPT]>);

/// An answer; that for the key 0 is no one's.
#[derive(Clone, Copy, Debug)]
struct Known<T> {
    key: u64,
    found: Option<T>,
}

impl<T> Known<T> {
    const NONE: Self = Self { key: 0, found: None };
}

impl<T: Copy> Default for Memo<T> {
    fn default() -> Self {
        Self(Box::new([const { Cell::new(Known::NONE) }; KEPT]))
    }
}

impl<T: Copy> Memo<T> {
    #[inline]
    fn place(&self, key: u64) -> &Cell<Known<T>> {
        &self.0[key as usize % KEPT]
    }

    /// The answer for a key that is not 0.
    #[inline]
    pub(super) fn get(&self, key: u64, find: impl FnOnce() -> Option<T>) -> Option<T> {
        let place = self.place(key);
        let known = place.get();
        if known.key == key { known.found } else { Self::ask(place, key, find) }
    }

    #[inline(never)]
    fn ask(place: &Cell<Known<T>>, key: u64, find: impl FnOnce() -> Option<T>) -> Option<T> {
        let found = find();
        place.set(Known { key, found });
        found
    }

    /// What the index answers for a key is another now.
    #[inline]
    pub(super) fn forget(&self, key: u64) {
        let place = self.place(key);
        if place.get().key == key {
            place.set(Known::NONE);
        }
    }

    /// Every answer, to be compared with the index.
    pub(super) fn answers(&self) -> impl Iterator<Item = (u64, Option<T>)> + '_ {
        let known = self.0.iter().map(Cell::get).filter(|known| known.key != 0);
        known.map(|known| (known.key, known.found))
    }
}
