//! What is fuzzed: everything that reads bytes which others may have written. Each target takes any
//! bytes, and panics where what it promises does not hold.

mod mutate;
mod recording;
mod state;

use tracer::{
    btf::{Btf, layout},
    recording::{Block, Codec, Schema},
    stream,
};
use tracer_ebpf::target::{FUNCTIONS, TRACEPOINTS};

pub use mutate::{Crash, run};

use crate::made;

/// Something that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
    /// Bytes to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    Target { name: "record", run: record, seeds: made::records::every_kind },
    Target { name: "recording", run: recording::run, seeds: recording::seeds },
    Target { name: "block", run: block, seeds: blocks },
    Target { name: "round", run: round, seeds: rounds },
    Target { name: "schema", run: schema, seeds: schemas },
    Target { name: "state", run: state::run, seeds: state::seeds },
    Target { name: "btf", run: btf, seeds: || vec![BTF.to_vec()] },
];

/// The target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

const BTF: &[u8] = include_bytes!("../btf/7.x.btf");

/// The decoder; what is decoded can be encoded, and is the same then.
fn record(bytes: &[u8]) {
    let Ok(event) = stream::decode(bytes) else { return };
    if let Some(again) = stream::encode(&event) {
        let twice = stream::decode(&again).expect("what was encoded is decoded");
        assert_eq!(format!("{event:?}"), format!("{twice:?}"));
    }
}

/// What stands in front of a block here: codec, records, and bytes before the compression.
const FRONT: usize = 9;

fn block(bytes: &[u8]) {
    let Some((front, payload)) = bytes.split_first_chunk::<FRONT>() else { return };
    let codec = Codec::ALL[usize::from(front[0] % 4)];
    let number =
        |at: usize| u32::from_le_bytes([front[at], front[at + 1], front[at + 2], front[at + 3]]);
    let (events, raw) = (number(1), number(5));
    let mut block = Block::new();
    if block.decode(&Schema::current(), codec, payload, raw.into(), events).is_ok() {
        assert_eq!(block.records().count(), events as usize);
        for record in block.records() {
            let _event = stream::event(record);
        }
    } else {
        assert!(block.is_empty());
    }
}

fn blocks() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for codec in Codec::ALL {
        for records in [made::busy(1, 12), made::records::every_kind(), made::odd()] {
            let (packed, payload) = made::pack(codec, &records);
            let mut seed = vec![codec as u8];
            seed.extend(packed.events.to_le_bytes());
            seed.extend((packed.raw_len as u32).to_le_bytes());
            seed.extend(payload);
            seeds.push(seed);
        }
    }
    seeds
}

/// Any records come back from a block, byte for byte.
fn round(bytes: &[u8]) {
    let mut records = Vec::new();
    let mut rest = bytes;
    while let Some((len, behind)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes(*len)).min(behind.len());
        let (record, behind) = behind.split_at(len);
        records.push(record.to_vec());
        rest = behind;
    }
    let (packed, payload) = made::pack(Codec::Columns, &records);
    let mut block = Block::new();
    let (schema, codec) = (Schema::current(), Codec::Columns);
    let decoded = block.decode(&schema, codec, &payload, packed.raw_len, packed.events);
    decoded.expect("a block that was made can be read");
    assert!(block.records().eq(&records), "the records come back");
}

fn rounds() -> Vec<Vec<u8>> {
    let of = |record: &Vec<u8>| [&(record.len() as u16).to_le_bytes(), &record[..]].concat();
    [made::busy(1, 30), made::records::every_kind(), made::odd()]
        .map(|records| records.iter().flat_map(of).collect())
        .to_vec()
}

/// A schema that is accepted is written as it was, and decodes any block, or says why not.
fn schema(bytes: &[u8]) {
    let Ok(schema) = Schema::read(bytes) else { return };
    let mut again = Vec::new();
    schema.write(&mut again);
    assert_eq!(Schema::read(&again).as_ref(), Ok(&schema), "a schema comes back");
    let adapter = schema.adapter();
    let mut block = Block::new();
    for records in [made::busy(1, 12), made::records::every_kind()] {
        let (packed, payload) = made::pack(Codec::Columns, &records);
        let codec = Codec::Columns;
        if block.decode(&schema, codec, &payload, packed.raw_len, packed.events).is_err() {
            continue;
        }
        for record in block.records() {
            let mut adapted = Vec::new();
            if let Some(adapter) = &adapter {
                adapter.adapt(record, &mut adapted);
            }
            let _event = stream::event(&adapted);
        }
    }
}

fn schemas() -> Vec<Vec<u8>> {
    let mut bytes = Vec::new();
    Schema::current().write(&mut bytes);
    vec![bytes]
}

fn btf(bytes: &[u8]) {
    let Ok(btf) = Btf::parse(bytes) else { return };
    let _either = layout::constants(&btf).map_err(|unfit| unfit.to_string());
    for name in FUNCTIONS.iter().flat_map(|function| function.names) {
        let _either = btf.arity(name);
    }
    for tracepoint in TRACEPOINTS {
        let _either = btf.tracepoint_arity(tracepoint.name);
    }
}
