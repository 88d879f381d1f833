//! A hash for keys that are small integers or already mixed: one folded multiplication a word.
//!
//! Nothing iterates over a map, so the tables do not depend on it.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Both halves of a 128-bit product: every input bit reaches every output bit.
#[inline]
pub(super) fn mix(value: u64) -> u64 {
    let wide = u128::from(value) * u128::from(FACTOR);
    (wide as u64) ^ (wide >> 64) as u64
}

/// One hash of several words.
#[inline]
pub(super) fn fold(words: impl Iterator<Item = u64>) -> u64 {
    words.fold(FACTOR, |hash, word| mix(hash.rotate_left(23) ^ word))
}

/// The hasher of [`Map`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mixer(u64);

impl Hasher for Mixer {
    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = mix(self.0.rotate_left(23) ^ value);
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.write_u64(u64::from(value as u32));
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }
}

/// A map with that hash.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mixer>>;
