//! The records of one kind while a block grows.

use super::super::dictionary::Dictionary;
use crate::recording::schema::{Column, Op, Program, ProgramTail};

/// What a record of a program has behind its fixed part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Items, or bytes of text.
    extent: usize,
    /// Bytes that they take; zeros may follow.
    bytes: usize,
}

impl Shape {
    /// The shape of a record; none if the program would not bring it back byte for byte.
    #[inline]
    pub(super) fn of(program: &Program, record: &[u8]) -> Option<Self> {
        let tail = record.get(program.size..)?;
        match &program.tail {
            ProgramTail::None => tail.is_empty().then_some(Self { extent: 0, bytes: 0 }),
            ProgramTail::Items { at, size, short, long } => {
                let extent = (number(record, *at)? as usize).checked_add(1)?;
                let room = if extent <= *short { *short } else { *long };
                let rest = tail.get(extent.checked_mul(*size)?..)?;
                let good = extent <= *long && tail.len() == room * size && is_zero(rest);
                good.then_some(Self { extent, bytes: extent * size })
            }
            ProgramTail::Text { lens, max } => {
                let mut extent = 0_usize;
                for &at in lens {
                    extent = extent.checked_add(number(record, at)? as usize)?;
                }
                (extent == tail.len() && extent <= *max).then_some(Self { extent, bytes: extent })
            }
        }
    }
}

/// Whether all bytes are 0.
#[inline]
fn is_zero(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks();
    words.iter().fold(0, |or, word| or | u64::from_ne_bytes(*word)) == 0
        && rest.iter().all(|&byte| byte == 0)
}

/// A 32-bit field.
#[inline]
fn number(record: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*record.get(at..)?.first_chunk()?))
}

/// A 64-bit field; the bytes that the record does not have are zero.
#[inline]
fn word(record: &[u8], at: usize) -> u64 {
    record.get(at..).and_then(|bytes| bytes.first_chunk()).map_or(0, |v| u64::from_le_bytes(*v))
}

/// The rows of a kind.
#[derive(Debug)]
pub(super) struct Part {
    /// The fixed parts, one after the other.
    pub(super) fixed: Vec<u8>,
    /// Items or text of all rows.
    pub(super) tail: Vec<u8>,
    /// Items or bytes of text of each row; empty where the kind has no tail.
    pub(super) extents: Vec<u32>,
    /// Objects of each column; empty where it has none.
    pub(super) ids: Vec<Vec<u32>>,
    /// Last row of the program that this one looks at.
    pub(super) recent: Vec<u32>,
    rows: usize,
    extent: usize,
    keys: Vec<Key>,
    /// Keys of the fixed part.
    fixed_keys: usize,
    keys_per_item: usize,
}

/// A column of objects.
#[derive(Clone, Copy, Debug)]
struct Key {
    column: usize,
    offset: usize,
    class: usize,
    wide: bool,
    birth: bool,
    /// A column that mostly has the same object, and where it is.
    same: Option<(usize, usize)>,
}

impl Key {
    fn new(column: usize, of: &Column, columns: &[Column]) -> Option<Self> {
        let same = match of.op {
            Op::SameObject(source) if of.item.is_none() => {
                columns.get(source).map(|column| (source, column.offset))
            }
            _ => None,
        };
        Some(Self {
            column,
            offset: of.offset,
            class: of.class?,
            wide: of.ty.width() == 16,
            birth: of.birth,
            same,
        })
    }
}

impl Part {
    pub(super) fn new(program: &Program) -> Self {
        let columns = &program.columns;
        let key = |(at, column)| Key::new(at, column, columns);
        let keys: Vec<Key> = columns.iter().enumerate().filter_map(key).collect();
        let fixed_keys = keys.iter().filter(|key| key.column < program.fixed).count();
        let items = (columns.len() - program.fixed).checked_div(program.per_item).unwrap_or(0);
        Self {
            fixed: vec![],
            tail: vec![],
            extents: vec![],
            ids: vec![vec![]; columns.len()],
            recent: vec![],
            rows: 0,
            extent: 0,
            keys_per_item: (keys.len() - fixed_keys).checked_div(items).unwrap_or(0),
            fixed_keys,
            keys,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Most items of a row, or most bytes of text.
    pub(super) fn extent(&self) -> usize {
        self.extent
    }

    pub(super) fn clear(&mut self) {
        self.fixed.clear();
        self.tail.clear();
        self.extents.clear();
        self.recent.clear();
        if self.rows > 0 {
            self.ids.iter_mut().for_each(Vec::clear);
        }
        self.rows = 0;
        self.extent = 0;
    }

    /// Bytes that the rows take in a decoder.
    pub(super) fn row_bytes(&self, program: &Program) -> usize {
        self.rows * program.row_len(self.extent).next_multiple_of(8)
    }

    #[inline]
    pub(super) fn push(
        &mut self,
        program: &Program,
        record: &[u8],
        shape: &Shape,
        recent: u32,
        objects: &mut [Dictionary],
    ) {
        let (fixed, tail) = record.split_at_checked(program.size).unwrap_or((record, &[]));
        self.fixed.extend_from_slice(fixed);
        if program.recent.is_some() {
            self.recent.push(recent);
        }
        self.rows += 1;
        let mut keys = self.keys.len();
        if !matches!(program.tail, ProgramTail::None) {
            self.tail.extend_from_slice(tail.get(..shape.bytes).unwrap_or(tail));
            self.extents.push(shape.extent as u32);
            self.extent = self.extent.max(shape.extent);
            keys = self.fixed_keys + self.keys_per_item * shape.extent;
        }
        for key in self.keys.iter().take(keys) {
            let low = word(record, key.offset);
            if let Some((source, offset)) = key.same
                && word(record, offset) == low
                && let Some(&id) = self.ids.get(source).and_then(|ids| ids.last())
            {
                push(&mut self.ids, key.column, id);
                continue;
            }
            let high = if key.wide { word(record, key.offset + 8) } else { 0 };
            if let Some(objects) = objects.get_mut(key.class) {
                push(&mut self.ids, key.column, objects.object(low, high, key.birth));
            }
        }
    }

    /// The rows that a column has: all, or those with its item.
    pub(super) fn rows_of(&self, column: &Column) -> impl Iterator<Item = usize> {
        let least = column.item.map_or(0, |item| item as u32 + 1);
        (0..self.rows).filter(move |&row| self.extents.get(row).is_none_or(|&has| has >= least))
    }

    /// How many they are.
    pub(super) fn rows_with(&self, column: &Column) -> usize {
        self.rows_of(column).count()
    }

    /// A record as it was.
    pub(super) fn record(&self, program: &Program, row: usize) -> Vec<u8> {
        let fixed = self.fixed.chunks_exact(program.size).nth(row).unwrap_or(&[]);
        let extent = self.extents.get(row).map_or(0, |&extent| extent as usize);
        let before: usize = self.extents.iter().take(row).map(|&extent| extent as usize).sum();
        let unit = match program.tail {
            ProgramTail::Items { size, .. } => size,
            _ => 1,
        };
        let tail = self.tail.get(before * unit..(before + extent) * unit).unwrap_or(&[]);
        let mut record = fixed.to_vec();
        record.extend_from_slice(tail);
        record.resize(program.row_len(extent), 0);
        record
    }
}

#[inline]
fn push(ids: &mut [Vec<u32>], column: usize, id: u32) {
    if let Some(ids) = ids.get_mut(column) {
        ids.push(id);
    }
}
