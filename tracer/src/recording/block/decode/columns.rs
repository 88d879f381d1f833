//! From the columns of each kind to its rows.

use super::super::BadBlock;
use super::super::column::Stored;
use super::Work;
use super::layout::Part;
use super::objects::{Objects, Tables};
use super::ring::NONE;
use crate::recording::schema::{Column, Op, Program, ProgramTail, Schema, Type};

/// Memory of the decoding of a column.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) values: Vec<i64>,
    ids: Vec<u32>,
    /// The rows that an item's column has.
    rows: Vec<u32>,
    /// Items of each row.
    extents: Vec<u32>,
}

impl Work {
    /// Decodes the columns of all parts into their rows.
    pub(super) fn decode_parts(
        &mut self,
        schema: &Schema,
        data: &[u8],
        rows: &mut [u8],
    ) -> Result<(), BadBlock> {
        let Self { parts, objects, tables, kept, scratch, .. } = self;
        kept.resize_with(schema.programs().len(), Vec::new);
        for (kept, program) in kept.iter_mut().zip(schema.programs()) {
            kept.resize_with(program.columns.len(), Vec::new);
            kept.iter_mut().for_each(Vec::clear);
        }
        for part in parts.iter() {
            let Some((index, program)) =
                part.program.and_then(|at| Some((at, schema.programs().get(at)?)))
            else {
                continue;
            };
            let rows = rows
                .get_mut(part.start..part.start + part.rows * part.stride)
                .ok_or(BadBlock("a row has no place"))?;
            let (before, rest) = kept.split_at_mut(index);
            let Some(kept) = rest.first_mut() else { continue };
            let recent = program.recent.and_then(|recent| before.get(recent));
            let recent = recent.map_or(&[][..], Vec::as_slice);
            let mut decoder =
                Decoder { program, part, data, objects, tables, recent, kept, scratch, rows };
            decoder.run()?;
        }
        Ok(())
    }
}

/// Decodes the columns of one part.
struct Decoder<'a> {
    program: &'a Program,
    part: &'a Part,
    data: &'a [u8],
    objects: &'a [Objects],
    tables: &'a Tables,
    /// Kept objects of the program that this one looks at.
    recent: &'a [Vec<u32>],
    kept: &'a mut Vec<Vec<u32>>,
    scratch: &'a mut Scratch,
    rows: &'a mut [u8],
}

impl Decoder<'_> {
    fn run(&mut self) -> Result<(), BadBlock> {
        let columns = self.program.columns.iter().zip(&self.part.columns).enumerate();
        let fixed = self.program.fixed;
        for (at, (column, stored)) in columns.clone().take(fixed) {
            self.column(at, column, stored)?;
        }
        let ProgramTail::Items { at: count_at, .. } = self.program.tail else { return Ok(()) };
        self.read_extents(count_at)?;
        let mut chosen = None;
        for (at, (column, stored)) in columns.skip(fixed) {
            if chosen != column.item {
                chosen = column.item;
                self.choose(column.item.unwrap_or(0));
            }
            if self.scratch.rows.len() != stored.len() {
                return Err(BadBlock("an item is not in the rows that have it"));
            }
            self.column(at, column, stored)?;
        }
        Ok(())
    }

    /// Finds the rows that have an item.
    fn choose(&mut self, item: usize) {
        let Scratch { rows, extents, .. } = &mut *self.scratch;
        rows.clear();
        let has = extents.iter().enumerate().filter(|(_, extent)| **extent as usize > item);
        rows.extend(has.map(|(row, _)| row as u32));
    }

    fn read_extents(&mut self, at: usize) -> Result<(), BadBlock> {
        self.scratch.extents.clear();
        for row in self.rows.chunks_exact(self.part.stride) {
            let level = row.get(at..).and_then(|cell| cell.first_chunk());
            let level = level.map_or(0, |level| u32::from_le_bytes(*level));
            if level as usize >= self.part.extent {
                return Err(BadBlock("a record has more items than its kind has room for"));
            }
            self.scratch.extents.push(level + 1);
        }
        Ok(())
    }

    fn column(&mut self, at: usize, column: &Column, stored: &Stored) -> Result<(), BadBlock> {
        match (column.class, column.op, stored.common()) {
            (Some(class), ..) => return self.objects(at, column, stored, class),
            (None, Op::Zero, Some(common)) if self.is_whole(stored) => {
                // The rows are filled with it.
                self.patch(column, stored, common);
            }
            (None, Op::Keyed(key, table), Some(common)) if self.is_whole(stored) => {
                self.look_up(column, key, table, common);
                self.patch(column, stored, common);
            }
            _ => {
                let mut values = std::mem::take(&mut self.scratch.values);
                self.numbers(column, stored, &mut values);
                self.place(column, &values);
                self.scratch.values = values;
            }
        }
        Ok(())
    }

    /// Whether all rows have the column.
    fn is_whole(&self, stored: &Stored) -> bool {
        stored.len() == self.part.rows
    }

    /// Corrects the few cells whose number is not the common one.
    fn patch(&mut self, column: &Column, stored: &Stored, common: i64) {
        let width = (column.ty.width() as usize).min(8);
        for (row, other) in stored.others(self.data).take_while(|(row, _)| *row < self.part.rows) {
            let at = row * self.part.stride + column.offset;
            let Some(cell) = self.rows.get_mut(at..at + width) else { continue };
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(cell.iter()).for_each(|(to, from)| *to = *from);
            let value = i64::from_le_bytes(bytes).wrapping_add(other.wrapping_sub(common));
            cell.iter_mut().zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
        }
    }

    /// Writes what a table says about the objects of a column, each with `more` added.
    fn look_up(&mut self, column: &Column, key: usize, table: usize, more: i64) {
        let table = self.tables.get(table);
        let keys = self.kept.get(key).map_or(&[][..], Vec::as_slice);
        let of = |key: &u32| table.get(*key as usize).copied().unwrap_or(0).wrapping_add(more);
        let (offset, stride, keys) = (column.offset, self.part.stride, keys.iter());
        match column.ty.width() {
            1 => scatter(self.rows, stride, offset, keys.map(|key| (of(key) as u8).to_le_bytes())),
            2 => scatter(self.rows, stride, offset, keys.map(|key| (of(key) as u16).to_le_bytes())),
            4 => scatter(self.rows, stride, offset, keys.map(|key| (of(key) as u32).to_le_bytes())),
            _ => scatter(self.rows, stride, offset, keys.map(|key| of(key).to_le_bytes())),
        }
    }

    fn numbers(&self, column: &Column, stored: &Stored, values: &mut Vec<i64>) {
        if let Op::Previous = column.op {
            stored.sum(self.data, values);
            return;
        }
        stored.unpack(self.data, values);
        match column.op {
            Op::SameNumber(offset, ty) => {
                for (value, row) in values.iter_mut().zip(self.rows.chunks_exact(self.part.stride))
                {
                    *value = value.wrapping_add(read(row, offset, ty));
                }
            }
            Op::Keyed(key, table) => {
                let table = self.tables.get(table);
                let of = |key: u32| table.get(key as usize).copied().unwrap_or(0);
                for (value, key) in values.iter_mut().zip(self.kept_for(key, column)) {
                    *value = value.wrapping_add(of(key));
                }
            }
            _ => {}
        }
    }

    /// The objects of a kept column, for each row that `column` has.
    fn kept_for(&self, source: usize, column: &Column) -> impl Iterator<Item = u32> {
        let ids = self.kept.get(source).map_or(&[][..], Vec::as_slice);
        let chosen = column.item.is_some() && source < self.program.fixed;
        let rows = if chosen { self.scratch.rows.as_slice() } else { &[] };
        let len = if chosen { rows.len() } else { ids.len() };
        (0..len).map(move |at| {
            let at = if chosen { rows.get(at).map_or(0, |&row| row as usize) } else { at };
            ids.get(at).copied().unwrap_or(0)
        })
    }

    fn objects(
        &mut self,
        at: usize,
        column: &Column,
        stored: &Stored,
        class: usize,
    ) -> Result<(), BadBlock> {
        let mut ids = std::mem::take(&mut self.scratch.ids);
        ids.clear();
        self.ids(column, stored, &mut ids);
        let unknown = BadBlock("a record names an object that is not there");
        let objects = self.objects.get(class).ok_or(unknown)?;
        if ids.iter().fold(0, |most, &id| id.max(most)) as usize >= objects.low.len() {
            return Err(unknown);
        }
        self.spread(column, stored, &ids, &objects.low, 0);
        if column.ty == Type::Text {
            self.spread(column, stored, &ids, &objects.high, 8);
        }
        if column.kept
            && let Some(kept) = self.kept.get_mut(at)
        {
            std::mem::swap(kept, &mut ids);
        }
        self.scratch.ids = ids;
        Ok(())
    }

    /// Appends the objects of a column.
    fn ids(&mut self, column: &Column, stored: &Stored, ids: &mut Vec<u32>) {
        let common = stored.common().filter(|_| self.is_whole(stored));
        let Some(common) = common.filter(|_| !matches!(column.op, Op::Previous)) else {
            self.various_ids(column, stored, ids);
            return;
        };
        let more = common as u32;
        match column.op {
            Op::SameObject(source) => {
                let source = self.kept.get(source).map_or(&[][..], Vec::as_slice);
                ids.extend(source.iter().map(|id| id.wrapping_add(more)));
            }
            Op::Keyed(key, table) => {
                let keys = self.kept.get(key).map_or(&[][..], Vec::as_slice);
                let table = self.tables.get(table);
                let of = |key: &u32| table.get(*key as usize).copied().unwrap_or(0) as u32;
                ids.extend(keys.iter().map(|key| of(key).wrapping_add(more)));
            }
            Op::Recent(source) => {
                ids.extend(self.recent_ids(source).map(|id| id.wrapping_add(more)));
            }
            _ => ids.resize(self.part.rows, more),
        }
        for (at, other) in stored.others(self.data) {
            if let Some(id) = ids.get_mut(at) {
                *id = id.wrapping_sub(more).wrapping_add(other as u32);
            }
        }
    }

    fn recent_ids(&self, source: usize) -> impl Iterator<Item = u32> {
        let from = self.recent.get(source).map_or(&[][..], Vec::as_slice);
        let of = |&row: &u32| if row == NONE { None } else { from.get(row as usize) };
        self.part.recent.iter().map(move |row| of(row).copied().unwrap_or(0))
    }

    /// [`ids`](Self::ids) where they have nothing in common with their guesses.
    fn various_ids(&mut self, column: &Column, stored: &Stored, ids: &mut Vec<u32>) {
        let mut values = std::mem::take(&mut self.scratch.values);
        self.numbers(column, stored, &mut values);
        match column.op {
            Op::SameObject(source) => {
                let guesses = self.kept_for(source, column);
                let both = values.iter().zip(guesses);
                ids.extend(both.map(|(&value, guess)| guess.wrapping_add(value as u32)));
            }
            Op::Recent(source) => {
                let both = values.iter().zip(self.recent_ids(source));
                ids.extend(both.map(|(&value, guess)| guess.wrapping_add(value as u32)));
            }
            _ => ids.extend(values.iter().map(|&value| value as u32)),
        }
        self.scratch.values = values;
    }

    /// Writes the words of objects to the column's rows, `more` bytes behind its start.
    fn spread(
        &mut self,
        column: &Column,
        stored: &Stored,
        ids: &[u32],
        words: &[u64],
        more: usize,
    ) {
        let (offset, stride) = (column.offset + more, self.part.stride);
        let of = |id: u32| words.get(id as usize).copied().unwrap_or(0).to_le_bytes();
        if self.is_whole(stored) {
            scatter(self.rows, stride, offset, ids.iter().map(|&id| of(id)));
            return;
        }
        for (&row, &id) in self.scratch.rows.iter().zip(ids) {
            let at = row as usize * stride + offset;
            put(self.rows.get_mut(at..).unwrap_or(&mut []), of(id));
        }
    }

    /// Writes numbers to the rows that have the column.
    fn place(&mut self, column: &Column, values: &[i64]) {
        let (offset, stride) = (column.offset, self.part.stride);
        if column.item.is_none() || values.len() == self.part.rows {
            let values = values.iter();
            match column.ty.width() {
                1 => scatter(self.rows, stride, offset, values.map(|v| (*v as u8).to_le_bytes())),
                2 => scatter(self.rows, stride, offset, values.map(|v| (*v as u16).to_le_bytes())),
                4 => scatter(self.rows, stride, offset, values.map(|v| (*v as u32).to_le_bytes())),
                _ => scatter(self.rows, stride, offset, values.map(|v| v.to_le_bytes())),
            }
            return;
        }
        let width = (column.ty.width() as usize).min(8);
        for (&row, value) in self.scratch.rows.iter().zip(values) {
            let at = row as usize * stride + offset;
            let bytes = value.to_le_bytes();
            let cell = self.rows.get_mut(at..at + width);
            if let (Some(cell), Some(bytes)) = (cell, bytes.get(..width)) {
                cell.copy_from_slice(bytes);
            }
        }
    }
}

/// Writes one cell of each row.
#[inline]
fn scatter<const N: usize>(
    rows: &mut [u8],
    stride: usize,
    offset: usize,
    cells: impl Iterator<Item = [u8; N]>,
) {
    // Not by chunks: zipped with them, this loop is not inlined in some builds.
    let mut at = offset;
    for cell in cells {
        put(rows.get_mut(at..).unwrap_or(&mut []), cell);
        at += stride;
    }
}

#[inline]
fn put<const N: usize>(row: &mut [u8], bytes: [u8; N]) {
    if let Some(cell) = row.first_chunk_mut() {
        *cell = bytes;
    }
}

/// A field of a row.
#[inline]
fn read(row: &[u8], offset: usize, ty: Type) -> i64 {
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
