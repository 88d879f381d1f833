//! Reads one file: frames become records, keyframes and notes, and what is damaged is said.

use std::{
    fmt,
    io::{self, Read, Seek},
};

use super::{
    Adapter, BadHeader, BadSchema, Block, Codec, Damage, End, Entry, Flaw, Header, Index, Keyframe,
    Note, Schema,
    frame::{Head, kind},
    frames::{Found, Frames},
    keyframe::Gather,
    pack::Unpacker,
    read_coverage,
};
use crate::coverage::Coverage;

/// Most bytes of a payload that is unpacked, but for records, which have their own bounds.
const MAX_RAW: u64 = 16 << 20;

/// Why a file cannot be opened.
#[derive(Debug)]
pub enum Unreadable {
    /// Its header says so.
    Header(BadHeader),
    /// It lays its records out in a way that this version does not know.
    Schema(BadSchema),
    /// Reading failed.
    Io(io::Error),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(bad) => bad.fmt(f),
            Self::Schema(bad) => write!(f, "its records cannot be read by this tracer: {bad}"),
            Self::Io(error) => write!(f, "reading failed: {error}"),
        }
    }
}

impl std::error::Error for Unreadable {}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// What comes next in a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Records, which are in the block.
    Records(Head),
    /// Records are missing: so many, as the next frame's number tells, up to this time (0: to the
    /// end).
    Missing(u64, u64),
    /// The tables' state at this place.
    Keyframe(Keyframe),
    /// Something about the run.
    Note(Note),
    /// Something that cannot be used.
    Damage(Damage),
    /// The proper end.
    End(End),
}

/// Reads one file.
pub struct Reader<R> {
    frames: Frames<R>,
    header: Header,
    coverage: Coverage,
    schema: Schema,
    adapter: Option<Adapter>,
    gather: Gather,
    /// Number in the run of the record that comes next.
    expected: u64,
    /// Number behind the last record of a damaged frame, where its head is whole.
    damaged: u64,
    /// Found, and to be told after the records that are missing before it.
    waiting: Option<Item>,
    /// An end frame was found.
    ended: bool,
    /// It was said that there is none.
    told: bool,
    raw: Vec<u8>,
    unpacker: Unpacker,
}

impl<R: Read> Reader<R> {
    /// Opens a recording: reads its header, its schema and its coverage.
    pub fn open(source: R) -> Result<Self, Unreadable> {
        let mut frames = Frames::new(source);
        let header = Header::read(frames.header()?).map_err(Unreadable::Header)?;
        let mut reader = Self {
            frames,
            expected: header.first_seq,
            header,
            coverage: Coverage::default(),
            schema: Schema::current(),
            adapter: None,
            gather: Gather::default(),
            damaged: 0,
            waiting: None,
            ended: false,
            told: false,
            raw: Vec::new(),
            unpacker: Unpacker::default(),
        };
        // Both stand in front of everything else; a damaged one is said like any other damage.
        for wanted in [kind::SCHEMA, kind::COVERAGE] {
            let at = reader.frames.offset();
            let taken = match reader.frames.next()? {
                Found::Frame(_, head) if head.kind == wanted => reader.preamble(&head)?,
                Found::Damage(damage) if damage.flaw == Flaw::Payload => {
                    reader.waiting = Some(Item::Damage(damage));
                    true
                }
                _ => false,
            };
            if !taken && reader.waiting.is_none() {
                let until = reader.frames.offset();
                let flaw = Flaw::Content("the schema or the coverage is missing".into());
                reader.waiting = Some(Item::Damage(Damage { offset: at, until, flaw, head: None }));
            }
        }
        reader.adapter = reader.schema.adapter();
        Ok(reader)
    }

    /// From the file's layout of the records to the present one, where they differ.
    pub fn adapter(&self) -> Option<&Adapter> {
        self.adapter.as_ref()
    }

    /// What the header says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What was attached when the recording was made.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// How its records are laid out.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Number in the run of the record that comes next.
    pub fn seq(&self) -> u64 {
        self.expected
    }

    /// Offset of what comes next.
    pub fn offset(&self) -> u64 {
        self.frames.offset()
    }

    /// What comes next; records are put into `block`. `None` at the end.
    pub fn next(&mut self, block: &mut Block) -> io::Result<Option<Item>> {
        loop {
            if let Some(item) = self.waiting.take() {
                return Ok(Some(item));
            }
            match self.frames.next()? {
                Found::Frame(offset, head) => {
                    if let Some(item) = self.frame(offset, &head, block) {
                        return Ok(Some(self.in_order(&head, item)));
                    }
                }
                Found::Damage(damage) => {
                    self.gather.clear();
                    if let Some(head) = &damage.head {
                        self.damaged = head.first_seq.saturating_add(u64::from(head.events));
                    }
                    self.told |= damage.flaw == Flaw::Cut;
                    return Ok(Some(Item::Damage(damage)));
                }
                Found::Nothing if self.damaged > self.expected => {
                    let missing = self.damaged - self.expected;
                    self.expected = self.damaged;
                    return Ok(Some(Item::Missing(missing, 0)));
                }
                Found::Nothing if self.ended || self.told => return Ok(None),
                Found::Nothing => {
                    self.told = true;
                    let offset = self.frames.offset();
                    let damage = Damage { offset, until: offset, flaw: Flaw::NoEnd, head: None };
                    return Ok(Some(Item::Damage(damage)));
                }
            }
        }
    }

    /// Unpacks a payload without records; `None` if it cannot be.
    fn unpack(&mut self, head: &Head) -> Option<()> {
        self.raw.clear();
        if head.raw > MAX_RAW {
            return None;
        }
        self.unpacker.unpack(head.codec, self.frames.payload(), head.raw, &mut self.raw)
    }

    /// Takes in the schema or the coverage.
    fn preamble(&mut self, head: &Head) -> Result<bool, Unreadable> {
        if self.unpack(head).is_none() {
            return Ok(false);
        }
        if head.kind == kind::COVERAGE {
            return Ok(read_coverage(&self.raw).map(|found| self.coverage = found).is_some());
        }
        self.schema = Schema::read(&self.raw).map_err(Unreadable::Schema)?;
        Ok(true)
    }

    /// What a whole frame is; `None` for what nobody needs to know.
    fn frame(&mut self, offset: u64, head: &Head, block: &mut Block) -> Option<Item> {
        let damage = |why: &str| {
            let flaw = Flaw::Content(why.into());
            let until = offset + head.span();
            Some(Item::Damage(Damage { offset, until, flaw, head: Some(*head) }))
        };
        if head.kind == kind::EVENTS {
            let Some(codec) = Codec::from_number(head.codec) else {
                return damage("its codec is not known to this version");
            };
            let payload = self.frames.payload();
            return match block.decode(&self.schema, codec, payload, head.raw, head.events) {
                Ok(()) => Some(Item::Records(*head)),
                Err(bad) => damage(&bad.to_string()),
            };
        }
        let known = [kind::KEYFRAME, kind::NOTE, kind::END];
        if !known.contains(&head.kind) {
            return None; // the index is for seeking, others are of newer versions
        }
        if self.unpack(head).is_none() {
            return damage("it cannot be unpacked");
        }
        match head.kind {
            kind::NOTE => Note::read(&self.raw).map(Item::Note),
            kind::END => match End::read(&self.raw) {
                Some(end) => {
                    self.ended = true;
                    Some(Item::End(end))
                }
                None => damage("its totals are cut"),
            },
            _ => match self.gather.take(offset, head.first_seq, head.last_ts, &self.raw) {
                Ok(whole) => whole.map(Item::Keyframe),
                Err(()) => damage("a part of a keyframe does not belong here"),
            },
        }
    }

    /// Puts what is missing before an item; what comes twice is damage.
    fn in_order(&mut self, head: &Head, item: Item) -> Item {
        if matches!(item, Item::Damage(_)) {
            return item;
        }
        if head.first_seq < self.expected {
            let flaw = Flaw::Content("its records come twice".into());
            let until = self.frames.offset();
            let offset = until.saturating_sub(head.span());
            return Item::Damage(Damage { offset, until, flaw, head: Some(*head) });
        }
        let missing = head.first_seq - self.expected;
        self.expected = head.first_seq.saturating_add(u64::from(head.events));
        if missing == 0 {
            return item;
        }
        self.waiting = Some(item);
        Item::Missing(missing, head.first_ts)
    }
}

/// How much is read at a time when the index is looked for from the end.
const STEP: u64 = 1 << 20;

impl<R: Read + Seek> Reader<R> {
    /// The keyframes of the file, in order, by its index. A file without end frame has its last
    /// index looked for, and what lies behind that is looked through.
    pub fn keyframes(&mut self) -> io::Result<Vec<Entry>> {
        let resume = self.frames.offset();
        let mut found = Vec::new();
        let mut next = self.last_index()?;
        let mut last = u64::MAX;
        while let Some(at) = next.filter(|&at| at != 0 && at < last) {
            last = at;
            self.frames.seek(at)?;
            let Found::Frame(_, head) = self.frames.next()? else { break };
            if head.kind != kind::INDEX || self.unpack(&head).is_none() {
                break;
            }
            let Some(index) = Index::read(&self.raw) else { break };
            found.extend(index.entries.into_iter().rev());
            next = Some(index.previous);
        }
        found.reverse();
        found.dedup_by_key(|entry| entry.offset);
        self.frames.seek(resume)?;
        Ok(found)
    }

    /// The offset of the last index.
    fn last_index(&mut self) -> io::Result<Option<u64>> {
        let size = self.frames.size()? / 64 * 64;
        let mut to = size;
        while to > super::header::HEADER as u64 {
            let from = to.saturating_sub(STEP).max(super::header::HEADER as u64);
            let mut best = None;
            // Frames may start at every multiple of their head's size.
            let mut at = from;
            while at < to {
                self.frames.seek(at)?;
                match self.frames.next()? {
                    Found::Frame(offset, head) => {
                        if head.kind == kind::END && self.unpack(&head).is_some() {
                            return Ok(End::read(&self.raw).map(|end| end.index));
                        }
                        if head.kind == kind::INDEX {
                            best = Some(offset);
                        }
                        at = self.frames.offset();
                    }
                    Found::Damage(damage) => at = damage.until.max(at + 64),
                    Found::Nothing => break,
                }
            }
            if best.is_some() {
                return Ok(best);
            }
            to = from;
        }
        Ok(None)
    }

    /// Goes on at the first frame.
    pub fn rewind(&mut self) -> io::Result<()> {
        let start = Entry {
            offset: super::header::HEADER as u64,
            seq: self.header.first_seq,
            ts: self.header.start,
        };
        self.jump(&start)
    }

    /// Goes on at a keyframe.
    pub fn jump(&mut self, to: &Entry) -> io::Result<()> {
        self.frames.seek(to.offset)?;
        self.gather.clear();
        self.expected = to.seq;
        self.waiting = None;
        Ok(())
    }

    /// The latest time in the file, by its end frame, or its last whole frame.
    pub fn last_ts(&mut self) -> io::Result<u64> {
        let resume = self.frames.offset();
        let mut ts = self.header.start;
        let mut from = self.frames.size()? / 64 * 64;
        while ts == self.header.start && from > super::header::HEADER as u64 {
            from = from.saturating_sub(STEP).max(super::header::HEADER as u64);
            self.frames.seek(from)?;
            loop {
                match self.frames.next()? {
                    Found::Frame(_, head) => ts = ts.max(head.last_ts),
                    Found::Damage(_) => {}
                    Found::Nothing => break,
                }
            }
        }
        self.frames.seek(resume)?;
        Ok(ts)
    }
}
