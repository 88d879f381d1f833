//! No claim makes a block larger than a block may be.

use tracer_ebpf::wire::kind;

use super::super::varint::put;
use super::*;

/// A payload of plain columns, from the bytes of its two streams.
fn payload(meta: &[u8], data: &[u8]) -> Vec<u8> {
    let mut out = vec![];
    put(&mut out, meta.len() as u64);
    put(&mut out, data.len() as u64);
    out.extend_from_slice(meta);
    out.extend_from_slice(data);
    out
}

fn decode(payload: &[u8], events: u32) -> Result<(), BadBlock> {
    let len = payload.len() as u64;
    Block::new().decode(&Schema::current(), Codec::Columns, payload, len, events)
}

/// The start of a block of `events` records of one kind on one CPU.
fn start(events: u64, kind: u16, extent: u64) -> Vec<u8> {
    let mut meta = vec![];
    put(&mut meta, events);
    put(&mut meta, 1);
    put(&mut meta, u64::from(kind));
    put(&mut meta, extent);
    // All are of that kind; one CPU; times, CPUs and sequence numbers.
    meta.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    meta
}

#[test]
fn claims_beyond_the_bounds_are_refused() {
    let (schema, mut block) = (Schema::current(), Block::new());
    for codec in Codec::ALL {
        let many = MAX_RECORDS as u32 + 1;
        assert!(block.decode(&schema, codec, &[], 0, many).is_err());
        let large = MAX_RAW as u64 + 1;
        assert!(block.decode(&schema, codec, &[], large, 1).is_err());
        assert!(block.decode(&schema, codec, &[], u64::MAX, u32::MAX).is_err());
    }
}

#[test]
fn few_bytes_do_not_make_large_rows() {
    let events = MAX_RECORDS as u64;
    let mut meta = start(events, kind::FORK, 33);
    // No objects and no tables; the columns of the fixed part and of the items are zeros.
    meta.extend([0; 5]);
    let schema = Schema::current();
    let fork = schema.programs().iter().find(|program| program.kind == kind::FORK).unwrap();
    meta.extend(vec![0; fork.fixed]);
    for _ in 0..33 {
        put(&mut meta, events);
        meta.extend([0; 3]);
    }
    let why = decode(&payload(&meta, &[]), events as u32).unwrap_err();
    assert!(why.to_string().contains("more memory") || why.to_string().contains("rows"), "{why}");
}

#[test]
fn few_bytes_do_not_make_many_objects() {
    let mut meta = start(1, kind::FREE_TASK, 0);
    put(&mut meta, 1 << 40);
    meta.extend([0; 9]);
    let why = decode(&payload(&meta, &[]), 1).unwrap_err();
    assert!(why.to_string().contains("more memory"), "{why}");
}

#[test]
fn an_encoder_is_full_before_any_bound_is_reached() {
    let mut block = Block::new();
    for codec in Codec::ALL {
        let mut encoder = Encoder::new(codec);
        let mut pushed = 0;
        while encoder.push(&[7; 3]).is_ok() {
            pushed += 1;
        }
        assert_eq!(pushed, MAX_RECORDS);
        let mut out = vec![];
        let packed = encoder.finish(&mut out);
        unpack(&mut block, codec, &(packed, out)).unwrap();
        assert!(block.records().all(|record| record == [7; 3]));

        assert_eq!(encoder.push(&vec![0; 9 << 20]), Err(Full));
        let large = vec![5; 7 << 20];
        encoder.push(&large).unwrap();
        assert_eq!(encoder.push(&[]), Err(Full));
        let mut out = vec![];
        let packed = encoder.finish(&mut out);
        unpack(&mut block, codec, &(packed, out)).unwrap();
        assert!(block.records().eq([large.as_slice()]));
    }
}

#[test]
fn full_blocks_of_noise_come_back() {
    let (schema, mut block, mut random) = (Schema::current(), Block::new(), Random(31));
    let kinds = [kind::ALLOC_PID, kind::FORK, kind::EXIT, kind::FREE_TASK, kind::EXCHANGE_TIDS];
    for program in schema.programs().iter().filter(|program| kinds.contains(&program.kind)) {
        let mut encoder = Encoder::new(Codec::Columns);
        let mut records = vec![];
        loop {
            let mut record: Vec<u8> = vec![0; program.row_len(1)];
            record.chunks_mut(8).for_each(|word| {
                let bytes = random.number().to_le_bytes();
                word.copy_from_slice(&bytes[..word.len()]);
            });
            record[14..16].copy_from_slice(&program.kind.to_le_bytes());
            // One number of a host without namespaces.
            if let crate::recording::schema::ProgramTail::Items { at, .. } = program.tail {
                record[at..at + 4].fill(0);
                record[program.size + 16..].fill(0);
            }
            if encoder.push(&record).is_err() {
                break;
            }
            records.push(record);
        }
        let mut out = vec![];
        let packed = encoder.finish(&mut out);
        unpack(&mut block, Codec::Columns, &(packed, out)).unwrap();
        assert!(block.records().eq(records.iter().map(Vec::as_slice)), "kind {}", program.kind);
    }
}
