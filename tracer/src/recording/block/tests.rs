//! Blocks bring back what was put into them, whatever it was.

mod bounds;
mod damage;

use super::{BadBlock, Block, Encoder, Full, MAX_RAW, MAX_RECORDS, MAX_ROWS, Packed};
use crate::recording::codec::Codec;
use crate::recording::sample::{Mix, Random, Sample};
use crate::recording::schema::Schema;

fn pack(encoder: &mut Encoder, records: &[Vec<u8>]) -> (Packed, Vec<u8>) {
    for record in records {
        encoder.push(record).unwrap();
    }
    let mut payload = vec![];
    (encoder.finish(&mut payload), payload)
}

fn unpack(
    block: &mut Block,
    codec: Codec,
    (packed, payload): &(Packed, Vec<u8>),
) -> Result<(), BadBlock> {
    block.decode(&Schema::current(), codec, payload, packed.raw_len, packed.events)
}

/// Packs and unpacks with every codec; answers the bytes that each took.
fn round(records: &[Vec<u8>]) -> [usize; 4] {
    let mut block = Block::new();
    Codec::ALL.map(|codec| {
        let mut encoder = Encoder::new(codec);
        // The second time, all memory has been used before.
        for _ in 0..2 {
            let packed = pack(&mut encoder, records);
            assert_eq!(packed.0.events as usize, records.len());
            unpack(&mut block, codec, &packed).unwrap();
            assert_eq!(block.len(), records.len());
            for (index, (got, want)) in block.records().zip(records).enumerate() {
                assert_eq!(got, want, "{codec:?}, record {index}");
            }
        }
        pack(&mut encoder, records).1.len()
    })
}

fn sample(seed: u64, len: usize) -> Vec<Vec<u8>> {
    let mut sample = Sample::new(seed, Mix::default());
    (0..len).map(|_| sample.record().to_vec()).collect()
}

#[test]
fn a_stream_of_a_busy_host_comes_back() {
    for seed in 0..4 {
        for len in [1, 2, 3, 17, 300, 2000] {
            round(&sample(seed, len));
        }
    }
}

#[test]
fn records_of_a_busy_host_cost_few_bytes() {
    let bytes = |mix, skip, len| {
        let mut sample = Sample::new(5, mix);
        (0..skip).for_each(|_| _ = sample.record());
        let records: Vec<Vec<u8>> = (0..len).map(|_| sample.record().to_vec()).collect();
        f64::from(round(&records)[Codec::Zstd as usize] as u32) / f64::from(len)
    };
    let without_strings = bytes(Mix { exec: 0, ..Mix::default() }, 9000, 4096);
    assert!(without_strings < 8.0, "{without_strings}");
    let with_strings = bytes(Mix { exec: 100, ..Mix::default() }, 9000, 4096);
    assert!(with_strings < 10.0, "{with_strings}");
    // An idle host has few records in a block.
    let few = bytes(Mix::default(), 9000, 20);
    assert!(few < 60.0, "{few}");
}

#[test]
fn an_empty_block_comes_back() {
    round(&[]);
}

#[test]
fn arbitrary_bytes_come_back() {
    let mut random = Random(7);
    for _ in 0..60 {
        let count = random.below(60) as usize;
        let records: Vec<Vec<u8>> = (0..count)
            .map(|_| {
                let len = random.below(400) as usize;
                let mut record: Vec<u8> = (0..len).map(|_| random.number() as u8).collect();
                if let Some(kind) = record.get_mut(14..16) {
                    kind.copy_from_slice(&(random.below(30) as u16).to_le_bytes());
                }
                record
            })
            .collect();
        round(&records);
    }
}

/// Records of every kind whose fields are noise.
fn noise(random: &mut Random, noisy: u64) -> Vec<Vec<u8>> {
    let schema = Schema::current();
    let mut records = vec![];
    for program in schema.programs() {
        for _ in 0..random.below(5) {
            let len = program.size + [0, 64, 528, 16][random.below(4) as usize];
            let mut record: Vec<u8> = (0..len)
                .map(|_| if random.percent(noisy) { random.number() as u8 } else { 0 })
                .collect();
            record[14..16].copy_from_slice(&program.kind.to_le_bytes());
            records.push(record);
        }
    }
    records
}

#[test]
fn every_kind_comes_back() {
    let mut random = Random(3);
    for noisy in [0, 1, 10, 100] {
        for _ in 0..10 {
            round(&noise(&mut random, noisy));
        }
    }
}
