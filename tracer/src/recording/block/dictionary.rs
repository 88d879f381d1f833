//! The objects of a class that a block speaks of: one number for each, in order of appearance.

use super::column::Streams;

const EMPTY: u32 = 0;

/// Numbers the values of one class.
#[derive(Debug)]
pub(super) struct Dictionary {
    /// Whether values have 16 bytes, not 8.
    wide: bool,
    seed: u64,
    /// Open addressing by the value's hash: the last object with that value.
    slots: Vec<u32>,
    /// Value of each object; the first is the zero that every block has.
    low: Vec<u64>,
    high: Vec<u64>,
    /// How many objects ago the same value was given to another object; 0 if never.
    back: Vec<i64>,
}

impl Dictionary {
    /// The seed keeps whoever chooses values from choosing collisions.
    pub(super) fn new(wide: bool, seed: u64) -> Self {
        let mut new =
            Self { wide, seed, slots: vec![EMPTY; 1024], low: vec![], high: vec![], back: vec![] };
        new.clear();
        new
    }

    pub(super) fn clear(&mut self) {
        self.slots.fill(EMPTY);
        self.low.clear();
        self.high.clear();
        self.back.clear();
        self.low.push(0);
        self.high.push(0);
    }

    /// Objects, with the zero.
    pub(super) fn len(&self) -> usize {
        self.low.len()
    }

    #[inline]
    fn hash(&self, low: u64, high: u64) -> usize {
        let mut value = low ^ self.seed;
        if self.wide {
            value = fold(value) ^ high;
        }
        (fold(value) as usize) & (self.slots.len() - 1)
    }

    /// The place of the value, and the last object that has it.
    #[inline]
    fn find(&self, low: u64, high: u64) -> (usize, u32) {
        let mut at = self.hash(low, high);
        loop {
            let id = self.slots.get(at).copied().unwrap_or(EMPTY);
            let same = |values: &[u64], value| values.get(id as usize) == Some(&value);
            if id == EMPTY || same(&self.low, low) && (!self.wide || same(&self.high, high)) {
                return (at, id);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// The object of a value; a new one if there is none or if one is born.
    #[inline]
    pub(super) fn object(&mut self, low: u64, high: u64, birth: bool) -> u32 {
        if low == 0 && high == 0 {
            return 0;
        }
        let (at, id) = self.find(low, high);
        if id != EMPTY && !birth { id } else { self.add(low, high, at, id) }
    }

    fn add(&mut self, low: u64, high: u64, at: usize, before: u32) -> u32 {
        let id = self.low.len() as u32;
        self.low.push(low);
        if self.wide {
            self.high.push(high);
        }
        self.back.push(if before == EMPTY { 0 } else { i64::from(id - before) });
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = id;
        }
        if self.low.len() * 2 > self.slots.len() {
            self.grow();
        }
        id
    }

    fn grow(&mut self) {
        let len = self.slots.len() * 2;
        self.slots.clear();
        self.slots.resize(len, EMPTY);
        for id in 1..self.low.len() {
            let low = self.low.get(id).copied().unwrap_or(0);
            let high = self.high.get(id).copied().unwrap_or(0);
            let (at, _) = self.find(low, high);
            if let Some(slot) = self.slots.get_mut(at) {
                *slot = id as u32;
            }
        }
    }

    pub(super) fn write(&self, streams: &mut Streams) {
        streams.number(self.back.len());
        if self.back.is_empty() {
            return;
        }
        streams.column(&self.back);
        for (at, _) in self.back.iter().enumerate().filter(|(_, back)| **back == 0) {
            streams.data.extend(self.low.get(at + 1).copied().unwrap_or(0).to_le_bytes());
            if self.wide {
                streams.data.extend(self.high.get(at + 1).copied().unwrap_or(0).to_le_bytes());
            }
        }
    }
}

/// Both halves of a 128-bit product: every input bit reaches every output bit.
#[inline]
fn fold(value: u64) -> u64 {
    let wide = u128::from(value) * 0x9e37_79b9_7f4a_7c15;
    (wide as u64) ^ (wide >> 64) as u64
}
