//! From records to a block.

mod columns;
mod part;
mod ring;
mod tables;

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use super::column::Streams;
use super::dictionary::Dictionary;
use super::varint;
use super::{MAX_ELEMENTS, MAX_RAW, MAX_RECORDS, MAX_ROWS, Packed};
use crate::recording::codec::{Codec, Compressor};
use crate::recording::schema::Schema;
use part::{Part, Shape};
use ring::{OPAQUE, Ring};
use tables::Tables;

/// Most bytes of records that a block takes, so that no decoder's bound is ever near.
const MAX_BYTES: usize = 2 << 20;
/// Longest record that fits a block of its own.
const MAX_RECORD: usize = 8 << 20;

/// The block is full: finish it first. A record of more than 8 MiB fits no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the block is full")
    }
}

impl std::error::Error for Full {}

/// Collects records and packs them.
pub struct Encoder {
    codec: Codec,
    schema: Schema,
    /// Index of a kind's program.
    by_kind: Vec<Option<u8>>,
    raw_bytes: usize,
    packed: Packed,
    /// All records one after the other, for [`Codec::Raw`].
    raw: Vec<u8>,
    ring: Ring,
    /// The records of each program.
    parts: Vec<Part>,
    objects: Vec<Dictionary>,
    /// Records that no program fits.
    opaque: Opaque,
    tables: Tables,
    /// What stands before the columns, and they.
    front: Streams,
    columns: Streams,
    text: Vec<u8>,
    plain: Vec<u8>,
    scratch: [Vec<i64>; 2],
    compressor: Compressor,
}

#[derive(Default)]
struct Opaque {
    lens: Vec<i64>,
    bytes: Vec<u8>,
}

impl Encoder {
    /// An encoder of empty blocks.
    pub fn new(codec: Codec) -> Self {
        Self::with_schema(codec, Schema::current())
    }

    pub(crate) fn with_schema(codec: Codec, schema: Schema) -> Self {
        let mut by_kind = Vec::new();
        for (index, program) in schema.programs().iter().enumerate() {
            let at = usize::from(program.kind);
            if by_kind.len() <= at {
                by_kind.resize(at + 1, None);
            }
            if let Some(cell) = by_kind.get_mut(at) {
                *cell = Some(index as u8);
            }
        }
        let seed = RandomState::new().hash_one(0);
        let classes = schema.classes().iter();
        Self {
            codec,
            by_kind,
            raw_bytes: 0,
            packed: Packed::default(),
            raw: Vec::new(),
            ring: Ring::new(schema.programs().len()),
            parts: schema.programs().iter().map(Part::new).collect(),
            objects: classes.map(|class| Dictionary::new(class.width == 16, seed)).collect(),
            opaque: Opaque::default(),
            tables: Tables::new(schema.tables().len()),
            front: Streams::default(),
            columns: Streams::default(),
            text: Vec::new(),
            plain: Vec::new(),
            scratch: Default::default(),
            compressor: Compressor::default(),
            schema,
        }
    }

    /// How blocks are packed.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Records in the block.
    pub fn len(&self) -> usize {
        self.packed.events as usize
    }

    /// Whether the block has no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the records in the block.
    pub fn raw_bytes(&self) -> usize {
        self.raw_bytes
    }

    /// Adds a record, whatever its bytes are.
    pub fn push(&mut self, record: &[u8]) -> Result<(), Full> {
        let bytes = self.raw_bytes + record.len();
        let fits = bytes <= MAX_BYTES || self.is_empty() && record.len() <= MAX_RECORD;
        if self.len() >= MAX_RECORDS || !fits {
            return Err(Full);
        }
        self.raw_bytes = bytes;
        let ts = record.first_chunk().map_or(self.packed.last_ts, |ts| u64::from_le_bytes(*ts));
        if self.is_empty() {
            self.packed.first_ts = ts;
        }
        self.packed.last_ts = ts;
        self.packed.events += 1;
        if self.codec == Codec::Raw {
            self.raw.extend((record.len() as u32).to_le_bytes());
            self.raw.extend(record);
            self.raw.resize(self.raw.len().next_multiple_of(8), 0);
        } else {
            self.sort_in(record);
        }
        Ok(())
    }

    /// Gives the record to the part of its kind.
    fn sort_in(&mut self, record: &[u8]) {
        let program = ring::kind(record)
            .and_then(|kind| *self.by_kind.get(usize::from(kind))?)
            .and_then(|index| Some((index, self.schema.programs().get(usize::from(index))?)));
        if let Some((index, program)) = program
            && let Some(shape) = Shape::of(program, record)
            && let Some(part) = self.parts.get_mut(usize::from(index))
        {
            let recent = self.ring.push(record, index, part.rows() as u32, program.recent);
            part.push(program, record, &shape, recent, &mut self.objects);
        } else {
            self.add_opaque(record);
        }
    }

    fn add_opaque(&mut self, record: &[u8]) {
        self.ring.kinds.push(OPAQUE);
        self.opaque.lens.push(record.len() as i64);
        self.opaque.bytes.extend(record);
    }

    /// Appends the block's payload to `out` and starts the next block.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Packed {
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        if self.codec == Codec::Raw {
            plain.append(&mut self.raw);
        } else {
            self.assemble(&mut plain);
        }
        self.compressor.compress(self.codec, &plain, out);
        let packed = Packed { raw_len: plain.len() as u64, ..self.packed };
        self.plain = plain;
        self.clear();
        packed
    }

    fn assemble(&mut self, plain: &mut Vec<u8>) {
        self.front.clear();
        self.columns.clear();
        self.text.clear();
        self.write_columns();
        if self.is_too_much() {
            self.make_opaque();
            self.write_columns();
        }
        let (front, columns) = (&mut self.front, &self.columns);
        self.ring.write(front, &self.schema, &self.parts, !self.opaque.lens.is_empty());
        self.objects.iter().for_each(|objects| objects.write(front));
        self.tables.write(&self.schema, front, &mut self.scratch[0]);
        varint::put(plain, (front.meta.len() + columns.meta.len()) as u64);
        varint::put(plain, (front.data.len() + columns.data.len()) as u64);
        for bytes in [&front.meta, &columns.meta, &front.data, &columns.data, &self.text] {
            plain.extend_from_slice(bytes);
        }
    }

    fn clear(&mut self) {
        self.raw_bytes = 0;
        self.packed = Packed::default();
        self.raw.clear();
        self.ring.clear();
        self.parts.iter_mut().for_each(Part::clear);
        self.objects.iter_mut().for_each(Dictionary::clear);
        self.opaque.lens.clear();
        self.opaque.bytes.clear();
        self.tables.clear();
    }

    /// Whether a decoder would refuse the block. No run of a kernel comes near.
    fn is_too_much(&self) -> bool {
        let programs = self.schema.programs().iter().zip(&self.parts);
        let rows: usize = programs.map(|(program, part)| part.row_bytes(program)).sum();
        let opaque = self.opaque.bytes.len() + 8 * self.opaque.lens.len();
        let objects: usize = self.objects.iter().map(Dictionary::len).sum();
        // No cell of a row is smaller than a byte.
        let elements = self.tables.elements() + 3 * objects + self.raw_bytes;
        let written = self.columns.data.len() + 8 * self.tables.elements() + 24 * objects;
        let all = rows + opaque > MAX_ROWS || elements > MAX_ELEMENTS;
        (all || written + self.text.len() > MAX_RAW / 2) && rows > 0
    }

    /// Makes every record opaque.
    fn make_opaque(&mut self) {
        let kinds = std::mem::take(&mut self.ring.kinds);
        let mut next = vec![0; self.parts.len()];
        let old = std::mem::take(&mut self.opaque);
        let (mut lens, mut bytes) = (old.lens.iter(), old.bytes.as_slice());
        let packed = self.packed;
        for kind in kinds {
            let kind = usize::from(kind);
            if let (Some(part), Some(program), Some(row)) =
                (self.parts.get(kind), self.schema.programs().get(kind), next.get_mut(kind))
            {
                let record = part.record(program, *row);
                *row += 1;
                self.add_opaque(&record);
            } else if let Some(&len) = lens.next() {
                let (record, rest) = bytes.split_at_checked(len as usize).unwrap_or((bytes, &[]));
                bytes = rest;
                self.add_opaque(record);
            }
        }
        let (kinds, opaque) =
            (std::mem::take(&mut self.ring.kinds), std::mem::take(&mut self.opaque));
        self.columns.clear();
        self.text.clear();
        let raw_bytes = self.raw_bytes;
        self.clear();
        (self.ring.kinds, self.opaque, self.packed) = (kinds, opaque, packed);
        self.raw_bytes = raw_bytes;
    }
}
