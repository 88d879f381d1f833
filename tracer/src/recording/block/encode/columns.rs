//! From the rows of each kind to its columns.

use super::super::column::Streams;
use super::super::dictionary::Dictionary;
use super::Encoder;
use super::part::Part;
use super::ring::NONE;
use super::tables::Tables;
use crate::recording::schema::{Column, Op, Program, ProgramTail, Type};

impl Encoder {
    /// Writes the columns of all parts, and defines the tables on the way.
    pub(super) fn write_columns(&mut self) {
        let Self { schema, parts, objects, tables, columns, text, scratch, opaque, .. } = self;
        let [values, guesses] = scratch;
        for (index, program) in schema.programs().iter().enumerate() {
            let Some((before, part)) = split(parts, index).filter(|(_, part)| part.rows() > 0)
            else {
                continue;
            };
            let recent = program.recent.and_then(|recent| before.get(recent));
            let count = program.column_count(part.extent());
            for (at, column) in program.columns.iter().take(count).enumerate() {
                if column.item.is_some() && (at - program.fixed) % program.per_item == 0 {
                    columns.number(part.rows_with(column));
                }
                let mut writer =
                    Writer { program, part, recent, column, at, objects, tables, values, guesses };
                writer.write(columns);
            }
            if matches!(program.tail, ProgramTail::Text { .. }) {
                text.extend_from_slice(&part.tail);
            }
        }
        if !opaque.lens.is_empty() {
            columns.column(&opaque.lens);
            text.extend_from_slice(&opaque.bytes);
        }
    }
}

fn split(parts: &[Part], index: usize) -> Option<(&[Part], &Part)> {
    let (before, rest) = parts.split_at_checked(index)?;
    Some((before, rest.first()?))
}

/// Writes one column.
struct Writer<'a> {
    program: &'a Program,
    part: &'a Part,
    recent: Option<&'a Part>,
    column: &'a Column,
    at: usize,
    objects: &'a [Dictionary],
    tables: &'a mut Tables,
    values: &'a mut Vec<i64>,
    guesses: &'a mut Vec<i64>,
}

impl Writer<'_> {
    fn write(&mut self, streams: &mut Streams) {
        self.values.clear();
        if self.column.class.is_some() {
            let ids = ids(self.part, self.at);
            self.values.extend(ids.iter().map(|&id| i64::from(id)));
        } else {
            gather(
                self.program,
                self.part,
                self.column,
                self.column.offset,
                self.column.ty,
                self.values,
            );
        }
        match self.column.op {
            Op::Zero => {}
            Op::Previous => {
                streams.differences(self.values);
                return;
            }
            Op::SameObject(source) => self.subtract_objects(source),
            Op::SameNumber(offset, ty) => {
                gather(self.program, self.part, self.column, offset, ty, self.guesses);
                for (value, guess) in self.values.iter_mut().zip(self.guesses.iter()) {
                    *value = value.wrapping_sub(*guess);
                }
            }
            Op::Keyed(key, table) => self.subtract_table(key, table),
            Op::Recent(source) => self.subtract_recent(source),
        }
        if self.column.class.is_none() {
            wrap(self.values, self.column.ty);
        }
        streams.column(self.values);
    }

    /// Which rows the column has, if not all.
    fn rows(&self) -> impl Iterator<Item = usize> {
        self.part.rows_of(self.column)
    }

    /// The objects of another column, for each of this column's rows.
    fn objects_of(&self, source: usize) -> impl Iterator<Item = u32> {
        let ids = ids(self.part, source);
        let fixed = source < self.program.fixed;
        self.rows()
            .enumerate()
            .map(move |(at, row)| ids.get(if fixed { row } else { at }).copied().unwrap_or(0))
    }

    fn subtract_objects(&mut self, source: usize) {
        let mut values = std::mem::take(self.values);
        for (value, id) in values.iter_mut().zip(self.objects_of(source)) {
            *value -= i64::from(id);
        }
        *self.values = values;
    }

    fn subtract_table(&mut self, key: usize, table: usize) {
        let class = self.program.columns.get(key).and_then(|key| key.class);
        let count = class.and_then(|class| self.objects.get(class)).map_or(1, Dictionary::len);
        let mut values = std::mem::take(self.values);
        let keys = ids(self.part, key);
        if self.column.item.is_some() && key < self.program.fixed {
            let keys: Vec<u32> = self.objects_of(key).collect();
            subtract(self.tables, table, count, &mut values, &keys);
        } else {
            subtract(self.tables, table, count, &mut values, keys);
        }
        *self.values = values;
    }

    fn subtract_recent(&mut self, source: usize) {
        let Some(recent) = self.recent else { return };
        let ids = ids(recent, source);
        for (value, &row) in self.values.iter_mut().zip(&self.part.recent) {
            let id = if row == NONE { None } else { ids.get(row as usize) };
            *value -= i64::from(id.copied().unwrap_or(0));
        }
    }
}

fn subtract(tables: &mut Tables, table: usize, count: usize, values: &mut [i64], keys: &[u32]) {
    let Some(table) = tables.get(table, count) else { return };
    for (value, &key) in values.iter_mut().zip(keys) {
        *value = value.wrapping_sub(table.value(key, *value));
    }
}

fn ids(part: &Part, column: usize) -> &[u32] {
    part.ids.get(column).map_or(&[], Vec::as_slice)
}

/// Replaces `out` with a field of all rows that the column has.
fn gather(
    program: &Program,
    part: &Part,
    column: &Column,
    offset: usize,
    ty: Type,
    out: &mut Vec<i64>,
) {
    out.clear();
    let Some(item) = column.item else {
        read(&part.fixed, program.size, offset, ty, out);
        return;
    };
    let ProgramTail::Items { size, .. } = program.tail else { return };
    let mut at = 0;
    for &extent in &part.extents {
        if item < extent as usize {
            let bytes = part.tail.get(at + offset - program.size..).unwrap_or(&[]);
            read(bytes.get(..size.min(bytes.len())).unwrap_or(&[]), size, 0, ty, out);
        }
        at += size * extent as usize;
    }
}

/// Appends the field of each row.
fn read(rows: &[u8], size: usize, offset: usize, ty: Type, out: &mut Vec<i64>) {
    match ty {
        Type::U8 => cells(rows, size, offset, out, |[byte]| i64::from(byte)),
        Type::U16 => cells(rows, size, offset, out, |cell| i64::from(u16::from_le_bytes(cell))),
        Type::U32 => cells(rows, size, offset, out, |cell| i64::from(u32::from_le_bytes(cell))),
        Type::I32 => cells(rows, size, offset, out, |cell| i64::from(i32::from_le_bytes(cell))),
        Type::U64 | Type::I64 | Type::Text => cells(rows, size, offset, out, i64::from_le_bytes),
    }
}

#[inline]
fn cells<const N: usize>(
    rows: &[u8],
    size: usize,
    offset: usize,
    out: &mut Vec<i64>,
    value: impl Fn([u8; N]) -> i64,
) {
    // Not exact chunks: the last row of items is cut behind its field.
    out.extend(rows.chunks(size).map(|row| {
        let cell = row.get(offset..).and_then(|cell| cell.first_chunk());
        cell.map_or(0, |cell| value(*cell))
    }));
}

/// Differences modulo the width of the field.
fn wrap(values: &mut [i64], ty: Type) {
    match ty.width() {
        1 => values.iter_mut().for_each(|value| *value = i64::from(*value as i8)),
        2 => values.iter_mut().for_each(|value| *value = i64::from(*value as i16)),
        4 => values.iter_mut().for_each(|value| *value = i64::from(*value as i32)),
        _ => {}
    }
}
