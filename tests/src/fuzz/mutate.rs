//! A fuzzer without a guide: seeds, changed by numbers from a seed. The same number gives the same
//! bytes in every run.

use std::{
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use super::Target;
use crate::random::Random;

/// Bytes that a target panics on.
#[derive(Clone, Debug)]
pub struct Crash {
    pub input: Vec<u8>,
    /// Which round of the seed it was.
    pub round: u64,
}

/// Runs a target on inputs of a seed for a while; how many there were.
pub fn run(target: &Target, seed: u64, time: Duration) -> Result<u64, Crash> {
    let seeds = (target.seeds)();
    let end = Instant::now() + time;
    let mut round = 0;
    while round < seeds.len() as u64 || Instant::now() < end {
        let input = input(&seeds, seed, round);
        // Whatever it was in the middle of, it is not used again.
        if panic::catch_unwind(AssertUnwindSafe(|| (target.run)(&input))).is_err() {
            return Err(Crash { input, round });
        }
        round += 1;
    }
    Ok(round)
}

/// The bytes of a round: first the seeds as they are.
fn input(seeds: &[Vec<u8>], seed: u64, round: u64) -> Vec<u8> {
    if let Some(seed) = seeds.get(round as usize) {
        return seed.clone();
    }
    let mut random = Random(seed ^ round.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        change(&mut bytes, seeds, &mut random);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    if bytes.is_empty() {
        return bytes.push(random.next() as u8);
    }
    let at = random.below(bytes.len());
    let len = random.below((bytes.len() - at).min(64) + 1);
    match random.below(8) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(at..at + len)),
        2 => {
            let twice = bytes[at..at + len].to_vec();
            bytes.splice(at..at, twice);
        }
        3 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len().max(1)).min(other.len());
            let piece = other[from..(from + len).min(other.len())].to_vec();
            bytes.splice(at..at + len, piece);
        }
        4 => {
            let number: u32 = [0, 1, 0x7f, 0x80, 0xffff, 1 << 24, 1 << 31, !0][random.below(8)];
            let room = bytes.len().min(at + 4) - at;
            bytes[at..at + room].copy_from_slice(&number.to_le_bytes()[..room]);
        }
        _ => random.damage(bytes),
    }
}
