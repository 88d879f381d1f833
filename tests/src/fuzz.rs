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
pub const TARGETS: [Target; 6] = [
    Target { name: "record", run: record, seeds: made::records::every_kind },
    Target { name: "recording", run: recording::run, seeds: recording::seeds },
    Target { name: "block", run: block, seeds: blocks },
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
    let [codec, a, b, c, d, e, f, g, h] = *front;
    let codec = Codec::ALL[usize::from(codec % 4)];
    let (events, raw) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
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
