//! From objects and numbers to the bytes of rows, a few rows at a time: they stay in the nearest
//! cache until all their columns are written.

use super::guesses::{Ids, all};
use super::objects::{Objects, Tables};
use super::ring::Row;
use crate::recording::schema::Type;

/// Bytes of the rows that are written together.
const TOGETHER: usize = 16 << 10;

/// What is written to the same place of each row.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// Words of the objects of a column: of which class, and whether the upper halves.
    Words { column: usize, class: usize, upper: bool },
    /// What a table says about the objects of a column, and a number more.
    Said { column: usize, table: usize, more: i64 },
    /// Numbers that have been read.
    Numbers { index: usize },
    /// Another number of the row, and a number that has been read.
    Same { offset: usize, ty: Type, index: usize },
}

/// A column's place in the rows, and what comes there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    pub(super) offset: usize,
    pub(super) width: u32,
    pub(super) what: What,
}

/// Everything that cells are made of.
pub(super) struct Writer<'a> {
    pub(super) stride: usize,
    pub(super) template: &'a [u8],
    pub(super) computed: &'a [Row],
    pub(super) cells: &'a [Cell],
    pub(super) objects: &'a [Objects],
    pub(super) tables: &'a Tables,
    pub(super) ids: &'a [Ids],
    pub(super) numbers: &'a [Vec<i64>],
}

impl Writer<'_> {
    /// Writes all rows.
    pub(super) fn write(&self, rows: &mut [u8]) {
        let together = (TOGETHER / self.stride).max(1);
        for (chunk, rows) in rows.chunks_mut(together * self.stride).enumerate() {
            if let Some(first) = rows.get_mut(..self.stride) {
                first.copy_from_slice(self.template);
                repeat(rows, self.stride);
            }
            let from = chunk * together;
            let computed = self.computed.iter().skip(from).take(together);
            scatter(rows, self.stride, 0, computed.map(|row| row.prefix.to_le_bytes()));
            for cell in self.cells {
                self.cell(cell, from, together, rows);
            }
        }
    }

    fn cell(&self, cell: &Cell, from: usize, together: usize, rows: &mut [u8]) {
        let few = |column| {
            let ids = all(self.ids, column);
            ids.get(from..ids.len().min(from + together)).unwrap_or(&[])
        };
        let numbers = |index: usize| {
            let numbers = self.numbers.get(index).map_or(&[][..], Vec::as_slice);
            numbers.get(from..numbers.len().min(from + together)).unwrap_or(&[])
        };
        match cell.what {
            What::Words { column, class, upper } => {
                let objects = self.objects.get(class);
                let words = objects.map_or(&[][..], |of| if upper { &of.high } else { &of.low });
                let of =
                    move |&id: &u32| words.get(id as usize).copied().unwrap_or(0).to_le_bytes();
                scatter(rows, self.stride, cell.offset, few(column).iter().map(of));
            }
            What::Said { column, table, more } => {
                let Some(table) = self.tables.get(table) else { return };
                let values = table.values();
                let of = move |&id: &u32| {
                    values.get(id as usize).copied().unwrap_or(0).wrapping_add(more)
                };
                self.place(cell, rows, few(column).iter().map(of));
            }
            What::Numbers { index } => self.place(cell, rows, numbers(index).iter().copied()),
            What::Same { offset, ty, index } => {
                for (row, &more) in rows.chunks_exact_mut(self.stride).zip(numbers(index)) {
                    let value = read(row, offset, ty).wrapping_add(more);
                    set(row, cell.offset, cell.width as usize, value);
                }
            }
        }
    }

    #[inline]
    fn place(&self, cell: &Cell, rows: &mut [u8], numbers: impl Iterator<Item = i64>) {
        let (stride, offset) = (self.stride, cell.offset);
        match cell.width {
            1 => scatter(rows, stride, offset, numbers.map(|v| (v as u8).to_le_bytes())),
            2 => scatter(rows, stride, offset, numbers.map(|v| (v as u16).to_le_bytes())),
            4 => scatter(rows, stride, offset, numbers.map(|v| (v as u32).to_le_bytes())),
            _ => scatter(rows, stride, offset, numbers.map(i64::to_le_bytes)),
        }
    }
}

/// Writes one cell of each row. A function of its own has the registers that its loop needs.
#[inline(never)]
fn scatter<const N: usize>(
    rows: &mut [u8],
    stride: usize,
    offset: usize,
    cells: impl Iterator<Item = [u8; N]>,
) {
    // Not by chunks: zipped with them, this loop is not inlined in some builds.
    let mut at = offset;
    for cell in cells {
        if let Some(place) = rows.get_mut(at..at + N) {
            place.copy_from_slice(&cell);
        }
        at += stride;
    }
}

/// Repeats the first `len` bytes to the end.
fn repeat(bytes: &mut [u8], len: usize) {
    let mut done = len;
    while done < bytes.len() {
        let next = done.min(bytes.len() - done);
        bytes.copy_within(..next, done);
        done += next;
    }
}

/// Writes a number of `width` bytes.
pub(super) fn set(row: &mut [u8], offset: usize, width: usize, value: i64) {
    if let Some(cell) = row.get_mut(offset..offset + width) {
        cell.iter_mut().zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
    }
}

/// A number of a row.
#[inline]
pub(super) fn read(row: &[u8], offset: usize, ty: Type) -> i64 {
    let cell = row.get(offset..).unwrap_or(&[]);
    let number = match ty {
        Type::U8 => cell.first().map(|&v| i64::from(v)),
        Type::U16 => cell.first_chunk().map(|v| i64::from(u16::from_le_bytes(*v))),
        Type::U32 => cell.first_chunk().map(|v| i64::from(u32::from_le_bytes(*v))),
        Type::I32 => cell.first_chunk().map(|v| i64::from(i32::from_le_bytes(*v))),
        Type::U64 | Type::I64 | Type::Text => cell.first_chunk().map(|v| i64::from_le_bytes(*v)),
    };
    number.unwrap_or(0)
}
