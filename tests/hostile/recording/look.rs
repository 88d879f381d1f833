//! Reads a recording in every way there is, and checks what holds for any bytes.

use std::{collections::BTreeMap, io::Cursor, ops::ControlFlow};

use tracer::{
    event::Event,
    model::{Change, World},
    recording::{self, Block, Damage, End, Flaw, Item, Reader, Replay, Visitor, redact},
};

use super::super::memory::most;

/// The most that reading may hold, whatever a file claims: the bounds of frames, blocks and small
/// states together.
pub(super) const BOUND: usize = 192 << 20;

/// What a file gave.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) records: BTreeMap<u64, Vec<u8>>,
    pub(super) missing: u64,
    pub(super) damages: Vec<Damage>,
    pub(super) ends: Vec<End>,
    pub(super) keyframes: usize,
}

impl Seen {
    pub(super) fn is_cut(&self) -> bool {
        self.damages.iter().any(|damage| matches!(damage.flaw, Flaw::Cut | Flaw::NoEnd))
    }
}

/// Reads it from its beginning; `None` if it is refused.
pub(super) fn read(bytes: &[u8]) -> Option<Seen> {
    let (seen, held) = most(|| items(bytes));
    assert!(held <= BOUND, "{held} bytes for {}", bytes.len());
    seen
}

fn items(bytes: &[u8]) -> Option<Seen> {
    let mut reader = Reader::open(bytes).ok()?;
    let mut block = Block::new();
    let mut seen = Seen::default();
    let mut items = 0;
    while let Some(item) = reader.next(&mut block).unwrap() {
        items += 1;
        assert!(items < bytes.len() / 16 + 16, "it does not end");
        match item {
            Item::Records(head) => {
                let numbered = block.records().enumerate();
                seen.records.extend(numbered.map(|(index, record)| {
                    (head.first_seq.saturating_add(index as u64), record.to_vec())
                }));
            }
            Item::Missing { count, offset, .. } => {
                seen.missing = seen.missing.saturating_add(count);
                seen.damages.push(Damage::missing(count, offset));
            }
            Item::Damage(damage) => {
                assert!(damage.offset <= damage.until && damage.until <= bytes.len() as u64);
                let _text = damage.to_string();
                seen.damages.push(damage);
            }
            Item::End(end) => seen.ends.push(end),
            Item::Keyframe(_) => seen.keyframes += 1,
            Item::Note(_) => {}
        }
    }
    assert!(reader.next(&mut block).unwrap().is_none(), "it goes on behind its end");
    Some(seen)
}

#[derive(Default)]
struct Count {
    events: usize,
    damages: Vec<Damage>,
}

impl Visitor for Count {
    fn event(&mut self, _world: &World, _event: &Event, _change: &Change) -> ControlFlow<()> {
        self.events += 1;
        ControlFlow::Continue(())
    }

    fn damage(&mut self, damage: &Damage) -> ControlFlow<()> {
        self.damages.push(damage.clone());
        ControlFlow::Continue(())
    }
}

/// Reads, replays, looks back, and copies; nothing of it may be refused where another is not.
pub(super) fn everything(bytes: &[u8]) -> Option<Seen> {
    let seen = read(bytes);
    let ((), held) = most(|| rest(bytes, seen.as_ref()));
    assert!(held <= BOUND, "{held} bytes for {}", bytes.len());
    seen
}

fn rest(bytes: &[u8], seen: Option<&Seen>) {
    let Ok(mut reader) = Reader::open(bytes) else { return assert!(seen.is_none()) };
    let mut count = Count::default();
    let mut replay = Replay::new();
    let _ = replay.run(&mut reader, &mut count).unwrap();
    assert!(seen.is_none_or(|seen| count.damages == seen.damages));
    assert!(seen.is_none_or(|seen| count.events >= seen.records.len()));
    let _digest = replay.world().digest();

    let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
    let end = reader.last_ts().unwrap();
    for ts in [0, reader.header().start, end / 2 + reader.header().start / 2, end, u64::MAX] {
        let mut reader = Reader::open(Cursor::new(bytes)).unwrap();
        let then = recording::at(&mut reader, ts, &mut Vec::new()).unwrap();
        let _digest = then.world().digest();
    }

    let mut copy = Vec::new();
    let mut reader = Reader::open(bytes).unwrap();
    let mut damages = Vec::new();
    redact::copy(&mut reader, &mut copy, &mut |damage| damages.push(damage.clone())).unwrap();
    assert!(seen.is_none_or(|seen| damages == seen.damages));
    // The copy is whole, but for what the recording lacks.
    let lacks = |damage: &Damage| matches!(damage.flaw, Flaw::NoEnd | Flaw::Missing(_));
    assert!(read(&copy).is_some_and(|again| again.damages.iter().all(lacks)));
}
