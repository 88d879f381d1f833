//! The greatest of many, in bounded memory.

use std::collections::HashMap;
use std::hash::Hash;

/// Keys that are counted at a time.
const MOST: usize = 4096;

/// Counts keys by weight. When there are too many, the lighter half is forgotten; what a key that
/// comes (back) later may have had before is kept as its error.
#[derive(Clone, Debug)]
pub(super) struct Top<K, L> {
    all: HashMap<K, Counter<L>>,
    most: usize,
    floor: u64,
}

/// What is counted of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<L> {
    /// How often, at the least.
    pub count: u64,
    /// How much in all, at the least.
    pub weight: u64,
    /// The most at once.
    pub longest: u64,
    /// How much more the weight may be, as small ones are forgotten meanwhile; mostly 0.
    pub error: u64,
    /// Who it is, as last seen.
    pub label: L,
}

impl<K: Hash + Eq + Ord + Copy, L: Copy> Default for Top<K, L> {
    fn default() -> Self {
        Self { all: HashMap::new(), most: MOST, floor: 0 }
    }
}

impl<K: Hash + Eq + Ord + Copy, L: Copy> Top<K, L> {
    /// Counts a key once, with a weight.
    pub(super) fn add(&mut self, key: K, weight: u64, label: L) {
        let new = Counter { count: 0, weight: 0, longest: 0, error: self.floor, label };
        let counter = self.all.entry(key).or_insert(new);
        counter.count += 1;
        counter.weight = counter.weight.saturating_add(weight);
        counter.longest = counter.longest.max(weight);
        counter.label = label;
        if self.all.len() > self.most {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        let mut order: Vec<_> = self.all.iter().map(|(&key, it)| (it.weight, key)).collect();
        order.sort_unstable();
        order.truncate(order.len() / 2);
        for (_, key) in order {
            if let Some(gone) = self.all.remove(&key) {
                self.floor = self.floor.max(gone.weight.saturating_add(gone.error));
            }
        }
    }

    /// The heaviest ones, heaviest first.
    pub(super) fn greatest(&self, most: usize) -> Vec<Counter<L>> {
        self.iter().take(most).map(|(_, it)| it).collect()
    }

    /// All of them with their keys, heaviest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (K, Counter<L>)> + '_ {
        let mut order: Vec<_> = self.all.iter().collect();
        order.sort_unstable_by_key(|&(key, it)| (std::cmp::Reverse(it.weight), *key));
        order.into_iter().map(|(&key, it)| (key, *it))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heavy_survive_the_crowd_and_errors_are_bounds() {
        let mut top = Top { all: HashMap::new(), most: 64, floor: 0 };
        let mut truth: HashMap<u64, u64> = HashMap::new();
        let mut seed = 7_u64;
        for round in 0..50_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = if round % 3 == 0 { (seed >> 60) % 5 } else { 1000 + (seed >> 40) % 20_000 };
            top.add(key, 1, ());
            *truth.entry(key).or_default() += 1;
            assert!(top.all.len() <= 65);
        }
        for (key, counter) in &top.all {
            let real = truth[key];
            assert!(counter.weight <= real && real <= counter.weight + counter.error);
        }
        assert!(top.greatest(5).iter().all(|it| it.weight > 1000 && it.error == 0));
    }
}
