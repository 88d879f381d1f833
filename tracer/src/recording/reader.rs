//! Reads one file: frames become records, keyframes and notes, and what is damaged is said.

mod places;
mod preamble;

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Read},
};

use super::{
    Adapter, BadHeader, BadSchema, Block, Codec, Damage, End, Flaw, Header, Keyframe, Note, Schema,
    frame::{Head, kind},
    frames::{Found, Frames},
    keyframe::Gather,
    pack::Unpacker,
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
    /// Records are missing, as the next frame's number tells.
    Missing {
        /// How many.
        count: u64,
        /// The time of the record that follows; 0 if none does.
        until: u64,
        /// Where the frame that tells begins.
        offset: u64,
    },
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
    /// What is damaged in front, to be told before all else.
    front: VecDeque<Damage>,
    /// Offset of the first frame behind the schema and the coverage.
    body: u64,
    /// That frame, found while these were read.
    held: Option<(u64, Head)>,
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
            front: VecDeque::new(),
            body: 0,
            held: None,
            waiting: None,
            ended: false,
            told: false,
            raw: Vec::new(),
            unpacker: Unpacker::default(),
        };
        reader.frames.unlock(reader.header.key());
        reader.preamble()?;
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
        if let Some(damage) = self.front.pop_front() {
            return Ok(Some(Item::Damage(damage)));
        }
        if let Some(item) = self.waiting.take() {
            return Ok(Some(item));
        }
        loop {
            let found = match self.held.take() {
                Some((offset, head)) => Found::Frame(offset, head),
                None => self.frames.next()?,
            };
            match found {
                Found::Frame(offset, head) => {
                    if let Some(item) = self.frame(offset, &head, block) {
                        return Ok(Some(self.in_order(&head, item)));
                    }
                }
                Found::Damage(damage) => {
                    self.note(&damage);
                    return Ok(Some(Item::Damage(damage)));
                }
                Found::Nothing => return Ok(self.close()),
            }
        }
    }

    /// At the end of the file: what is missing there.
    fn close(&mut self) -> Option<Item> {
        if self.damaged > self.expected {
            let missing = self.damaged - self.expected;
            self.expected = self.damaged;
            let offset = self.frames.offset();
            return Some(Item::Missing { count: missing, until: 0, offset });
        }
        if self.ended || self.told {
            return None;
        }
        self.told = true;
        let offset = self.frames.offset();
        Some(Item::Damage(Damage { offset, until: offset, flaw: Flaw::NoEnd, head: None }))
    }

    /// A frame is lost; where its head is whole, that tells how many records.
    fn note(&mut self, damage: &Damage) {
        self.gather.clear();
        self.told |= damage.flaw == Flaw::Cut;
        if let Some(head) = &damage.head {
            let behind = head.first_seq.saturating_add(u64::from(head.events));
            self.damaged = self.damaged.max(behind);
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
            return None; // the index is for seeking, others are known already, or of newer versions
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
            _ => match self.gather.take(offset, head, &self.raw) {
                Ok(whole) => whole.map(Item::Keyframe),
                Err(()) => damage("a part of a keyframe does not belong here"),
            },
        }
    }

    /// Puts what is missing before an item; what comes twice is damage.
    fn in_order(&mut self, head: &Head, item: Item) -> Item {
        if let Item::Damage(damage) = &item {
            self.note(damage);
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
        let offset = self.frames.offset().saturating_sub(head.span());
        Item::Missing { count: missing, until: head.first_ts, offset }
    }
}
