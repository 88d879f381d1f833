//! Frames with valid checksums whose heads and payloads lie.

use std::io::Cursor;

use tracer::recording::{
    Codec, End, Entry, Head, Header, Index, Reader,
    frame::{MAX_PAYLOAD, kind},
};

use super::look::{BOUND, everything, read};
use crate::hostile::memory::most;
use tracer_tests::{
    made::{Made, busy, make},
    random::Random,
};

/// CRC-32C, bit by bit.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0x82f6_3b78))
    })
}

/// A file that is forged frame by frame.
struct Forge {
    bytes: Vec<u8>,
    key: u32,
}

impl Forge {
    /// Begins as a real one does.
    fn new(made: &Made) -> Self {
        let begin = made.frames[2].0.start;
        Self { bytes: made.bytes[..begin].to_vec(), key: made.header.key() }
    }

    /// Begins with the header only.
    fn bare(header: &Header) -> Self {
        Self { bytes: header.write().to_vec(), key: header.key() }
    }

    fn frame(&mut self, head: Head, payload: &[u8]) -> u64 {
        let head = Head { payload: payload.len() as u32, checksum: crc(payload), ..head };
        self.head(head, payload)
    }

    /// One whose head says what it wants.
    fn head(&mut self, head: Head, payload: &[u8]) -> u64 {
        let at = self.bytes.len() as u64;
        self.bytes.extend(head.write(self.key));
        self.bytes.extend(payload);
        self.bytes.resize(self.bytes.len().next_multiple_of(64), 0);
        at
    }

    /// One of bytes as they are.
    fn raw(&mut self, kind: u8, payload: &[u8]) -> u64 {
        self.frame(Head { kind, raw: payload.len() as u64, ..Head::default() }, payload)
    }
}

/// So many zeros, as zstd packs them: a bomb.
fn zeros(len: u32) -> Vec<u8> {
    const BLOCK: u32 = 128 << 10;
    let mut out = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    out.extend(len.to_le_bytes());
    for at in (0..len).step_by(BLOCK as usize) {
        let size = BLOCK.min(len - at);
        let last = u32::from(at + size == len);
        out.extend(&(size << 3 | 1 << 1 | last).to_le_bytes()[..3]);
        out.push(0);
    }
    out
}

/// Behind these bytes, zeros: `front` and `len` zeros in blocks of their own.
fn bomb(front: &[u8], len: u32) -> Vec<u8> {
    let mut out = zeros(len);
    let total = front.len() as u32 + len;
    out[5..9].copy_from_slice(&total.to_le_bytes());
    let head = ((front.len() as u32) << 3).to_le_bytes();
    out.splice(9..9, head[..3].iter().chain(front).copied());
    out
}

const ZSTD: u8 = Codec::Zstd as u8;
const KINDS: [u8; 9] = [
    kind::SCHEMA,
    kind::COVERAGE,
    kind::EVENTS,
    kind::KEYFRAME,
    kind::INDEX,
    kind::END,
    kind::NOTE,
    0,
    200,
];

fn small() -> Made {
    make(Codec::default(), busy(25, 40), 10)
}

/// A frame of records of a real file, and its payload.
fn events(made: &Made) -> (Head, Vec<u8>) {
    let (range, head) = made.frames.iter().find(|(_, head)| head.kind == kind::EVENTS).unwrap();
    let payload = &made.bytes[range.start + 64..][..head.payload as usize];
    (*head, payload.to_vec())
}

#[test]
fn lengths_and_counts_that_lie_have_an_answer() {
    let made = small();
    let (real, payload) = events(&made);
    let numbers = [0, 1, 9, 65_535, 65_536, 65_537, 1 << 24, (1 << 24) + 1, 1 << 31, u32::MAX];
    for codec in 0..6 {
        for &number in &numbers {
            let mut forge = Forge::new(&made);
            for raw in [u64::from(number), real.raw, u64::MAX, u64::MAX - 1, 1 << 40] {
                for events in [number, real.events] {
                    forge.frame(Head { codec, raw, events, ..real }, &payload);
                }
            }
            for kind in KINDS {
                forge.frame(Head { kind, codec, raw: number.into(), ..Head::default() }, &payload);
            }
            let all = number == 65_536;
            if all { everything(&forge.bytes) } else { read(&forge.bytes) }.unwrap();
        }
    }
    for claimed in [0, 1, payload.len() as u32 - 1, MAX_PAYLOAD - 64, MAX_PAYLOAD] {
        let mut forge = Forge::new(&made);
        forge.head(Head { payload: claimed, ..real }, &payload);
        forge.frame(real, &payload);
        let seen = everything(&forge.bytes).unwrap();
        assert_eq!(seen.records.len(), real.events as usize, "{claimed}: the one behind is read");
    }
}

#[test]
fn numbers_that_jump_have_an_answer() {
    let made = small();
    let (real, payload) = events(&made);
    let places = [0, 5, 10, 3, u64::MAX, 1 << 63, u64::MAX - 3, 0, 20, u64::MAX - 10, 11];
    for from in 0..places.len() {
        for codec in [real.codec, 77] {
            let mut forge = Forge::new(&made);
            for &first_seq in &places[from..] {
                let (first_ts, last_ts, lost) = (!first_seq, first_seq, first_seq / 2);
                let head = Head { first_seq, first_ts, last_ts, lost, codec, ..real };
                forge.frame(head, &payload);
                forge.frame(Head { kind: kind::END, first_seq, ..Head::default() }, &[0xff; 48]);
            }
            everything(&forge.bytes);
        }
    }
    // What overlaps is not read twice, and what is missing is known.
    let mut forge = Forge::new(&made);
    for first_seq in [0, 5, 10, 30] {
        forge.frame(Head { first_seq, ..real }, &payload);
    }
    let seen = everything(&forge.bytes).unwrap();
    assert_eq!((seen.records.len(), seen.missing), (30, 10));
}

#[test]
fn indexes_that_go_round_in_circles_are_not_followed() {
    let made = small();
    let size = made.bytes.len() as u64;
    let entry = |offset| Entry { offset, seq: 0, ts: 0 };
    let end = *made.frames.last().map(|(range, _)| range).as_ref().unwrap();
    for previous in [0, 64, 4096, size, size + 192, u64::MAX - 63] {
        for named in [0, size, size + 1, size + 192, 1 << 63, u64::MAX - 63] {
            let mut forge = Forge { bytes: made.bytes.clone(), key: made.header.key() };
            forge.bytes.truncate(end.start);
            forge.bytes.resize(size as usize, 0);
            let places = [0, 63, 4096, size, size + 192, 1 << 63, u64::MAX - 63];
            let entries: Vec<_> = places.into_iter().map(entry).collect();
            forge.raw(kind::INDEX, &Index { previous, entries }.write());
            let index = Index { previous: size, entries: vec![entry(previous); 3] };
            forge.raw(kind::INDEX, &index.write());
            everything(&forge.bytes);
            forge.raw(kind::END, &End { index: named, ..End::default() }.write());
            everything(&forge.bytes);
        }
    }
}

#[test]
fn an_index_of_more_keyframes_than_can_be_takes_no_memory() {
    let made = small();
    let mut forge = Forge::new(&made);
    let mut previous = 0;
    let mut front = [0; 12];
    for _ in 0..16 {
        front[..8].copy_from_slice(&u64::to_le_bytes(previous));
        front[8..].copy_from_slice(&(600_000_u32).to_le_bytes());
        let (payload, raw) = (bomb(&front, 600_000 * 24), 12 + 600_000 * 24);
        let head = Head { kind: kind::INDEX, codec: ZSTD, raw, ..Head::default() };
        previous = forge.frame(head, &payload);
    }
    forge.raw(kind::END, &End { index: previous, ..End::default() }.write());
    let mut reader = Reader::open(Cursor::new(&forge.bytes)).unwrap();
    let (found, held) = most(|| reader.keyframes().unwrap());
    assert!(found.is_empty() && held <= BOUND, "{held} bytes");
}

#[test]
fn states_that_no_tables_ever_had_are_refused() {
    let made = small();
    let (real, payload) = events(&made);
    let mut random = Random(13);
    let mut world = tracer::model::World::new();
    made.records.iter().for_each(|record| drop(world.apply(&tracer::stream::event(record))));
    let mut state = Vec::new();
    world.save(&mut state);
    for round in 0..160_usize {
        let mut forged = state.clone();
        match round % 4 {
            0 => forged.truncate(random.below(state.len())),
            1 => forged = (0..random.below(400)).map(|_| random.next() as u8).collect(),
            _ => (0..=round % 8).for_each(|_| random.damage(&mut forged)),
        }
        let parts = [1, 1, 1, 2, 512, 513, u32::MAX][random.below(7)];
        let mut frame = [0_u32.to_le_bytes(), parts.to_le_bytes()].concat();
        frame.extend(world.digest().to_le_bytes());
        frame.extend(&forged);
        let mut forge = Forge::new(&made);
        forge.frame(Head { codec: 99, ..real }, &payload);
        let head = Head { kind: kind::KEYFRAME, raw: frame.len() as u64, ..Head::default() };
        let head = Head { first_seq: 10, ..head };
        let offset = forge.frame(head, &frame);
        forge.frame(Head { first_seq: 10, ..real }, &payload);
        let index = Index { previous: 0, entries: vec![Entry { offset, seq: 10, ts: 0 }] };
        let index = forge.raw(kind::INDEX, &index.write());
        forge.raw(kind::END, &End { index, ..End::default() }.write());
        everything(&forge.bytes);
    }
}

#[test]
fn a_keyframe_of_nothing_but_claims_takes_no_memory() {
    let made = small();
    let mut forge = Forge::new(&made);
    let len = 16_000_000;
    for part in 0..32_u32 {
        let front = [part.to_le_bytes(), 512_u32.to_le_bytes(), [0; 4], [0; 4]].concat();
        let head = Head { kind: kind::KEYFRAME, codec: ZSTD, raw: 16 + len, ..Head::default() };
        forge.frame(head, &bomb(&front, len as u32));
    }
    let seen = read(&forge.bytes).unwrap();
    assert_eq!(seen.keyframes, 0);
    assert!(!seen.damages.is_empty());
}

#[test]
fn payloads_of_nothing_but_claims_take_no_memory() {
    let made = small();
    let len = 16 << 20;
    for kind in KINDS {
        let mut forge = Forge::bare(&made.header);
        for front in [&[0xff_u8; 4][..], &[1; 16], &[1, 0, 0, 0, 5, 0, 0, 0]] {
            let raw = u64::from(len);
            let events = if kind == kind::EVENTS { 65_536 } else { 0 };
            let head = Head { kind, codec: ZSTD, raw, events, ..Head::default() };
            forge.frame(head, &bomb(front, len - front.len() as u32));
        }
        // A note of four million words that are empty.
        let mut words = vec![1, 0, 0, 0];
        words.extend([0; 12]);
        words.extend(u32::MAX.to_le_bytes());
        let raw = u64::from(len);
        let head = Head { kind, codec: ZSTD, raw, ..Head::default() };
        forge.frame(head, &bomb(&words, len - words.len() as u32));
        // A schema that means nothing is refused.
        assert_eq!(read(&forge.bytes).is_none(), kind == kind::SCHEMA);
    }
}

#[test]
fn schemas_that_lie_have_an_answer() {
    let made = small();
    let mut schema = Vec::new();
    tracer::recording::Schema::current().write(&mut schema);
    let mut random = Random(14);
    let rest = &made.bytes[made.frames[1].0.start..];
    let mut accepted = 0;
    for round in 0..600 {
        let mut forged = schema.clone();
        random.damage(&mut forged);
        let mut forge = Forge::bare(&made.header);
        forge.raw(kind::SCHEMA, &forged);
        forge.bytes.extend(rest);
        let bytes = &forge.bytes;
        // It is refused, or the file has an answer.
        let seen = if round % 12 == 0 { everything(bytes) } else { read(bytes) };
        accepted += usize::from(seen.is_some_and(|seen| seen.damages.is_empty()));
    }
    assert!(accepted > 10, "{accepted}");
}

#[test]
fn an_end_that_comes_twice_has_an_answer() {
    let made = small();
    let (range, _) = made.frames.last().unwrap();
    let mut forge = Forge { bytes: made.bytes.clone(), key: made.header.key() };
    forge.bytes.extend(&made.bytes[range.clone()]);
    let seen = everything(&forge.bytes).unwrap();
    assert_eq!((seen.ends.len(), seen.records.len()), (2, 40));
    // One in the middle ends nothing: what follows is read.
    let mut bytes = made.bytes.clone();
    let at = made.frames[4].0.start;
    bytes.splice(at..at, made.bytes[range.clone()].iter().copied());
    everything(&bytes);
}

#[test]
fn heads_behind_heads_that_claim_all_that_follows_take_no_time() {
    let made = small();
    let mut forge = Forge::new(&made);
    let head = Head { kind: kind::EVENTS, payload: MAX_PAYLOAD, ..Head::default() };
    for _ in 0..32_768 {
        forge.head(head, &[]);
    }
    // Each one's checksum is over megabytes: 32 GB, if nobody lost patience.
    let seen = read(&forge.bytes).unwrap();
    assert!(!seen.damages.is_empty());
}
