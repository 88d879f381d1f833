//! `seek`: how long it takes to open a recording and to have the tables at a random time.

use std::{hint::black_box, path::Path, time::Instant};

use anyhow::{Result, ensure};
use tracer::recording;

use crate::{each, rates::open, sample};

/// Looks at so many random times, always the same ones; ms of each.
pub(crate) fn run(file: &Path, count: u32) -> Result<()> {
    let mut reader = open(file)?;
    let start = reader.header().start;
    let span = reader.last_ts()?.saturating_sub(start).max(1);
    let mut random = Random(1);
    for _ in 0..count {
        let ts = start + random.next() % span;
        let mut damage = Vec::new();
        let begun = Instant::now();
        let replay = recording::at(&mut open(file)?, ts, &mut damage)?;
        sample("seek", each(begun.elapsed().as_nanos() as u64, 1_000_000));
        ensure!(damage.is_empty(), "{damage:?}");
        black_box(replay.world());
    }
    Ok(())
}

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}
