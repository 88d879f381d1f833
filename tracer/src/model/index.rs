//! An index from keys to slots that does not store the keys: they are in the entries.
//!
//! Buckets are a cache line of 15 slots. The bits that a slot number leaves free carry a part of
//! the key's hash, so that entries are looked at that have the key, and hardly others. A bucket
//! counts who had no room in it and went on to the next ones; so a removal leaves nothing behind.

/// Slots of a bucket; its last word counts those that went on.
const WAYS: usize = 15;

/// The index.
#[derive(Clone, Debug)]
pub(super) struct Index {
    buckets: Vec<Bucket>,
    len: usize,
    /// How many slots it takes before it grows.
    room: usize,
    /// Bits of an entry that are its slot, plus one; the others are of the hash.
    slot_bits: u32,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Bucket {
    /// The slots, and last how many went on.
    words: [u32; WAYS + 1],
}

impl Bucket {
    /// The ways whose bits under `mask` are those of `want`, one bit each. The count is compared too,
    /// so that compilers need only a few vector instructions for all: [`first`] leaves its bit out.
    #[inline]
    fn ways(&self, mask: u32, want: u32) -> u32 {
        let mut hits = [0_u32; WAYS + 1];
        for ((hit, word), bit) in hits.iter_mut().zip(&self.words).zip(&BITS) {
            *hit = u32::from(word & mask == want).wrapping_neg() & bit;
        }
        hits.iter().fold(0, |all, hit| all | hit)
    }

    #[inline]
    fn passed(&self) -> u32 {
        self.words[WAYS]
    }

    #[inline]
    fn set(&mut self, way: usize, entry: u32) {
        if let Some(place) = self.words.get_mut(way) {
            *place = entry;
        }
    }
}

/// The first of some ways.
#[inline]
fn first(ways: u32) -> Option<usize> {
    let way = (ways >> 1).trailing_zeros() as usize;
    (way < WAYS).then_some(way)
}

/// The bit of each word of a bucket: not 1, which is another form to compilers.
const BITS: [u32; WAYS + 1] = {
    let (mut bits, mut way) = ([0; WAYS + 1], 0);
    while way <= WAYS {
        bits[way] = 2 << way;
        way += 1;
    }
    bits
};

impl Default for Index {
    fn default() -> Self {
        Self { buckets: Vec::new(), len: 0, room: 0, slot_bits: 16 }
    }
}

/// Slots that so many buckets take: all but a tenth.
fn room(buckets: usize) -> usize {
    buckets * WAYS / 10 * 9
}

impl Index {
    #[inline]
    fn home(&self, hash: u64) -> usize {
        (((hash >> 32) * self.buckets.len() as u64) >> 32) as usize
    }

    #[inline]
    fn entry(&self, hash: u64, slot: u32) -> u32 {
        (hash as u32) << self.slot_bits | (slot + 1)
    }

    /// The slot with this hash that `is` the one.
    #[inline]
    pub(super) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let home = self.home(hash);
        let bucket = self.buckets.get(home)?;
        let found = self.find_in(bucket, hash, &is);
        if found.is_some() || bucket.passed() == 0 {
            return found;
        }
        self.find_on(home, hash, is)
    }

    #[inline]
    fn find_in(&self, bucket: &Bucket, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = (1 << self.slot_bits) - 1;
        let mut found = bucket.ways(!mask, (hash as u32) << self.slot_bits);
        while let Some(way) = first(found) {
            let entry = bucket.words.get(way)?;
            if let Some(slot) = (entry & mask).checked_sub(1)
                && is(slot)
            {
                return Some(slot);
            }
            found &= found - 1;
        }
        None
    }

    /// The same, in the buckets behind its own, which is full.
    #[cold]
    fn find_on(&self, home: usize, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = self.next(home);
        while at != home {
            let bucket = self.buckets.get(at)?;
            let found = self.find_in(bucket, hash, &is);
            if found.is_some() || bucket.passed() == 0 {
                return found;
            }
            at = self.next(at);
        }
        None
    }

    /// Adds a slot; `rehash` answers the hash of one that is in the index.
    pub(super) fn insert(&mut self, hash: u64, slot: u32, rehash: impl Fn(u32) -> u64) {
        let full = self.len >= self.room;
        if full || slot >= (1 << self.slot_bits) - 1 {
            let buckets = self.buckets.len() + usize::from(full) * (self.buckets.len() / 4 + 1);
            self.rebuild(buckets, slot, rehash);
        }
        self.put(hash, slot);
    }

    #[inline]
    fn next(&self, at: usize) -> usize {
        if at + 1 == self.buckets.len() { 0 } else { at + 1 }
    }

    fn put(&mut self, hash: u64, slot: u32) {
        let entry = self.entry(hash, slot);
        let mut at = self.home(hash);
        for _ in 0..self.buckets.len() {
            let Some(bucket) = self.buckets.get_mut(at) else { return };
            if let Some(free) = first(bucket.ways(u32::MAX, 0)) {
                bucket.set(free, entry);
                self.len += 1;
                return;
            }
            bucket.words[WAYS] += 1;
            at = self.next(at);
        }
    }

    /// Puts a slot in the place of another one with the same hash; `false` if there is no room for
    /// its number, with the other one gone.
    pub(super) fn replace(&mut self, hash: u64, old: u32, new: u32) -> bool {
        if new >= (1 << self.slot_bits) - 1 {
            self.remove(hash, old);
            return false;
        }
        let (old, new) = (self.entry(hash, old), self.entry(hash, new));
        let mut at = self.home(hash);
        for _ in 0..self.buckets.len() {
            let Some(bucket) = self.buckets.get_mut(at) else { return false };
            if let Some(found) = first(bucket.ways(u32::MAX, old)) {
                bucket.set(found, new);
                return true;
            }
            if bucket.passed() == 0 {
                return false;
            }
            at = self.next(at);
        }
        false
    }

    /// Takes a slot out.
    pub(super) fn remove(&mut self, hash: u64, slot: u32) -> bool {
        let entry = self.entry(hash, slot);
        let home = self.home(hash);
        let mut at = home;
        for _ in 0..self.buckets.len() {
            let Some(bucket) = self.buckets.get_mut(at) else { return false };
            if let Some(found) = first(bucket.ways(u32::MAX, entry)) {
                bucket.set(found, 0);
                self.len -= 1;
                self.unpass(home, at);
                return true;
            }
            if bucket.passed() == 0 {
                return false;
            }
            at = self.next(at);
        }
        false
    }

    /// One that went on from `home` to another bucket is no more.
    fn unpass(&mut self, home: usize, to: usize) {
        let mut at = home;
        while at != to {
            if let Some(bucket) = self.buckets.get_mut(at) {
                bucket.words[WAYS] -= 1;
            }
            at = self.next(at);
        }
    }

    fn rebuild(&mut self, buckets: usize, slot: u32, rehash: impl Fn(u32) -> u64) {
        let mask = (1 << self.slot_bits) - 1;
        while slot >= (1 << self.slot_bits) - 1 && self.slot_bits < 31 {
            self.slot_bits += 1;
        }
        let old = std::mem::replace(&mut self.buckets, vec![Bucket::default(); buckets]);
        self.len = 0;
        self.room = room(buckets);
        for entry in old.iter().flat_map(|bucket| bucket.words.into_iter().take(WAYS)) {
            if let Some(slot) = (entry & mask).checked_sub(1) {
                self.put(rehash(slot), slot);
            }
        }
    }

    /// Makes room for so many slots.
    pub(super) fn reserve(&mut self, slots: usize) {
        let buckets = slots / WAYS * 10 / 9 + 1;
        if self.buckets.is_empty() {
            self.buckets = vec![Bucket::default(); buckets];
            self.room = room(buckets);
        }
    }

    /// How many slots are in it.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::super::hash::mix;
    use super::*;

    #[test]
    fn every_key_is_found_until_it_is_removed() {
        let (mut index, mut random) = (Index::default(), 1_u64);
        let mut there = std::collections::BTreeSet::new();
        for turn in 0..60_000_u64 {
            random = mix(random + turn);
            let slot = (random % 3000) as u32;
            let hash = |slot: u32| mix(u64::from(slot / 3) << 7);
            if there.insert(slot) {
                index.insert(hash(slot), slot, hash);
            } else if random >> 40 & 1 == 0 {
                there.remove(&slot);
                assert!(index.remove(hash(slot), slot));
                assert!(!index.remove(hash(slot), slot));
            }
            let other = (random >> 20) as u32 % 3000;
            let found = index.find(hash(other), |at| at == other);
            assert_eq!(found.is_some(), there.contains(&other));
            assert_eq!(index.len(), there.len());
        }
    }

    #[test]
    fn keys_of_one_hash_are_kept_apart() {
        let mut index = Index::default();
        for slot in 0..500 {
            index.insert(7, slot, |_| 7);
        }
        assert!((0..500).all(|slot| index.find(7, |at| at == slot).is_some()));
        assert!((0..500).all(|slot| index.remove(7, slot)));
        assert_eq!((index.find(7, |_| true), index.len()), (None, 0));
        assert!(index.buckets.iter().all(|bucket| bucket.passed() == 0));
    }

    #[test]
    fn slots_of_any_number_are_kept() {
        let mut index = Index::default();
        let slots = [0, 65_534, 65_535, 1 << 24, (1 << 31) - 2];
        for slot in slots {
            index.insert(mix(u64::from(slot)), slot, |slot| mix(u64::from(slot)));
        }
        let found = |slot| index.find(mix(u64::from(slot)), |at| at == slot);
        assert!(slots.iter().all(|&slot| found(slot) == Some(slot)));
    }
}
