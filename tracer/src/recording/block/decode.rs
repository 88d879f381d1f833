//! From a block to its records.

mod cells;
mod guesses;
mod layout;
mod objects;
mod parts;
mod ring;
mod tails;

use super::column::Reader;
use super::varint::Cursor;
use super::{BadBlock, MAX_ELEMENTS, MAX_RAW, MAX_RECORDS, MAX_ROWS};
use crate::recording::codec::{Codec, Decompressor};
use crate::recording::schema::Schema;
use guesses::Ids;
use layout::Part;
use objects::{Objects, Tables};

/// A decoded block; its memory is used again by the next.
#[derive(Default)]
pub struct Block {
    /// The payload, decompressed.
    plain: Vec<u8>,
    /// The rows of all kinds, kind by kind.
    rows: Vec<u8>,
    /// Where each record is in the rows, and its length.
    spans: Vec<(u32, u32)>,
    work: Work,
    decompressor: Decompressor,
}

/// What decoding needs and nobody else.
#[derive(Default)]
struct Work {
    /// The part of each record.
    kinds: Vec<u8>,
    parts: Vec<Part>,
    objects: Vec<Objects>,
    tables: Tables,
    ring: ring::Columns,
    /// What is computed for each row, part by part.
    rows: Vec<ring::Row>,
    /// Objects: of each program, of each column.
    ids: Vec<Vec<Ids>>,
    /// Lengths of the opaque records.
    opaque: Vec<i64>,
    budget: usize,
    scratch: parts::Scratch,
}

impl Block {
    /// A block without records.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes a payload of `events` records and of `raw_len` bytes before its compression. After
    /// an error the block has no records.
    pub fn decode(
        &mut self,
        schema: &Schema,
        codec: Codec,
        payload: &[u8],
        raw_len: u64,
        events: u32,
    ) -> Result<(), BadBlock> {
        self.spans.clear();
        let events = events as usize;
        if events > MAX_RECORDS {
            return Err(BadBlock("it claims too many records"));
        }
        let len = usize::try_from(raw_len).ok().filter(|&len| len <= MAX_RAW);
        let len = len.ok_or(BadBlock("it claims to be too large"))?;
        let decoded = if codec == Codec::Raw {
            self.decode_raw(payload, len)
        } else {
            self.decompressor
                .decompress(codec, payload, len, &mut self.plain)
                .and_then(|()| self.decode_columns(schema, events))
        };
        if decoded.is_err() {
            self.spans.clear();
        }
        decoded?;
        if self.spans.len() == events {
            Ok(())
        } else {
            self.spans.clear();
            Err(BadBlock("it has another number of records than it claims"))
        }
    }

    /// The records, in the ring's order; each begins at a multiple of 8 in one buffer.
    pub fn records(&self) -> impl Iterator<Item = &[u8]> {
        let rows = self.rows.as_slice();
        self.spans.iter().map(move |&(start, len)| {
            let start = start as usize;
            rows.get(start..start + len as usize).unwrap_or(&[])
        })
    }

    /// Records.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    fn decode_raw(&mut self, payload: &[u8], len: usize) -> Result<(), BadBlock> {
        if payload.len() != len {
            return Err(BadBlock("its payload has another length than it claims"));
        }
        self.rows.clear();
        let mut rest = payload;
        while !rest.is_empty() {
            let cut = BadBlock("a record is cut");
            let (len, behind) = rest.split_first_chunk().ok_or(cut)?;
            let len = u32::from_le_bytes(*len);
            let record = behind.get(..len as usize).ok_or(cut)?;
            let padded = (4 + len as usize).next_multiple_of(8);
            rest = rest.get(padded..).ok_or(cut)?;
            if self.spans.len() >= MAX_RECORDS {
                return Err(BadBlock("it has too many records"));
            }
            self.spans.push((self.rows.len() as u32, len));
            self.rows.extend_from_slice(record);
            self.rows.resize(self.rows.len().next_multiple_of(8), 0);
        }
        Ok(())
    }

    fn decode_columns(&mut self, schema: &Schema, events: usize) -> Result<(), BadBlock> {
        let cut = BadBlock("it is cut");
        let mut head = Cursor::new(&self.plain);
        let meta_len = head.count().ok_or(cut)?;
        let data_len = head.count().ok_or(cut)?;
        let meta = Cursor::new(head.take(meta_len).ok_or(cut)?);
        let data = head.take(data_len).ok_or(cut)?;
        let text = head.rest();
        let mut reader = Reader { meta, data, at: 0 };
        let work = &mut self.work;
        work.budget = MAX_ELEMENTS;
        if reader.count()? != events {
            return Err(BadBlock("it has another number of records than it claims"));
        }
        work.read_kinds(schema, &mut reader, events)?;
        work.ring.read(&mut reader, events - layout::opaque_rows(&work.parts))?;
        work.read_objects(schema, &mut reader)?;
        work.tables.read(schema, &mut reader, &work.objects, &mut work.budget)?;
        work.read_parts(schema, &mut reader)?;
        if !reader.meta.is_empty() || reader.at != data.len() {
            return Err(BadBlock("bytes follow its columns"));
        }
        let total = work.place(data)?;
        if self.rows.len() < total {
            self.rows.resize(total, 0);
        }
        let rows = self.rows.get_mut(..total).ok_or(cut)?;
        work.lead(schema, data, &mut self.spans)?;
        work.decode_parts(schema, data, rows)?;
        work.finish(schema, text, rows, &mut self.spans)
    }
}

/// Takes elements from the budget.
fn spend(budget: &mut usize, elements: usize) -> Result<(), BadBlock> {
    *budget =
        budget.checked_sub(elements).ok_or(BadBlock("it asks for more memory than a block may"))?;
    Ok(())
}

/// Rows end at a multiple of 8, and all of them together within the bound.
fn padded(bytes: usize) -> Result<usize, BadBlock> {
    let padded = bytes.checked_next_multiple_of(8).filter(|&bytes| bytes <= MAX_ROWS);
    padded.ok_or(BadBlock("its rows are too large"))
}
