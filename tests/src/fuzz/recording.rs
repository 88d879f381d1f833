//! Whole recordings. A checksum would keep every mutation out, so all of them are made right first:
//! what is fuzzed is what lies behind them.

use std::{io::Cursor, ops::ControlFlow};

use tracer::{
    event::Event,
    model::{Change, World},
    recording::{self, Block, Codec, HEADER, Head, Header, Reader, Replay, Visitor, frame, redact},
};

use crate::made;

struct Nobody;

impl Visitor for Nobody {
    fn event(&mut self, _world: &World, _event: &Event, _change: &Change) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Reads, replays, looks back, copies.
pub(super) fn run(bytes: &[u8]) {
    let bytes = mended(bytes);
    let Ok(mut reader) = Reader::open(&bytes[..]) else { return };
    let mut block = Block::new();
    let mut items = 0;
    while reader.next(&mut block).expect("memory can be read").is_some() {
        items += 1;
        assert!(items < bytes.len() / 16 + 16, "it does not end");
    }
    let mut replay = Replay::new();
    let mut reader = Reader::open(&bytes[..]).expect("it was opened before");
    let _ = replay.run(&mut reader, &mut Nobody).expect("memory can be read");
    replay.world().check_consistency().expect("tables agree");

    let mut reader = Reader::open(Cursor::new(&bytes)).expect("it was opened before");
    let last = reader.last_ts().expect("memory can be read");
    let then = recording::at(&mut reader, last / 2, &mut Vec::new()).expect("memory can be read");
    then.world().check_consistency().expect("tables agree");
    let mut reader = Reader::open(&bytes[..]).expect("it was opened before");
    redact::copy(&mut reader, Vec::new(), &mut |_| {}).expect("memory can be written");
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    Codec::ALL.map(|codec| made::make(codec, made::busy(3, 24), 6).bytes).to_vec()
}

/// The same with its header's and its frames' checksums made right.
fn mended(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let Some((body, checksum)) = bytes.get_mut(..HEADER).and_then(|h| h.split_last_chunk_mut())
    else {
        return bytes;
    };
    *checksum = crc32c::crc32c(body).to_le_bytes();
    let Ok(header) = Header::read(&bytes) else { return bytes };
    let key = header.key();
    let mut at = HEADER;
    while let Some(room) = bytes.get_mut(at..).filter(|room| room.len() >= frame::HEAD) {
        let (head, behind) = room.split_at_mut(frame::HEAD);
        let len = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        let payload = behind.get(..len.min(behind.len())).unwrap_or_default();
        head[56..60].copy_from_slice(&crc32c::crc32c(payload).to_le_bytes());
        let checksum = crc32c::crc32c_append(key, &head[..60]).to_le_bytes();
        head[60..].copy_from_slice(&checksum);
        at += Head::read(head, key).map_or(frame::HEAD, |head| head.span() as usize);
    }
    bytes
}
