//! The rows of one kind after the other: first what is in their columns, then their bytes.

use super::super::BadBlock;
use super::super::column::Stored;
use super::Work;
use super::cells::{Cell, What, Writer, read, set};
use super::guesses::{Ids, Source};
use crate::recording::schema::{Column, Op, ProgramTail, Schema, Type};

/// Memory of the decoding of a part.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) values: Vec<i64>,
    /// Numbers of whole columns.
    numbers: Vec<Vec<i64>>,
    template: Vec<u8>,
    cells: Vec<Cell>,
    /// The rows that an item's column has.
    chosen: Vec<u32>,
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
        let Self { parts, objects, tables, ids, scratch, rows: computed, .. } = self;
        ids.resize_with(schema.programs().len(), Vec::new);
        for (ids, program) in ids.iter_mut().zip(schema.programs()) {
            ids.resize_with(program.columns.len(), Ids::default);
            for ids in ids {
                ids.all.clear();
            }
        }
        for part in parts.iter() {
            let Some((index, program)) =
                part.program.and_then(|at| Some((at, schema.programs().get(at)?)))
            else {
                continue;
            };
            let gone = BadBlock("a row has no place");
            let rows =
                rows.get_mut(part.start..part.start + part.rows * part.stride).ok_or(gone)?;
            let computed = computed.get(part.first..part.first + part.rows).ok_or(gone)?;
            let (before, rest) = ids.split_at_mut(index);
            let Some(ids) = rest.first_mut() else { continue };
            let recent = program.recent.and_then(|recent| before.get(recent));
            let recent = recent.map_or(&[][..], Vec::as_slice);
            let source = Source { program, part, computed, data, objects, tables, recent };
            let mut decoder = Decoder { source, ids, scratch };
            decoder.read()?;
            let Decoder { source, ids, scratch } = decoder;
            Writer {
                stride: part.stride,
                template: &scratch.template,
                computed,
                cells: &scratch.cells,
                objects,
                tables,
                ids,
                numbers: &scratch.numbers,
            }
            .write(rows);
            Decoder { source, ids, scratch }.mend(rows)?;
        }
        Ok(())
    }
}

/// Decodes one part.
struct Decoder<'a> {
    source: Source<'a>,
    ids: &'a mut Vec<Ids>,
    scratch: &'a mut Scratch,
}

impl Decoder<'_> {
    /// The columns, with their places.
    fn columns(&self) -> impl Iterator<Item = (usize, &Column, &Stored)> {
        let columns = self.source.program.columns.iter().zip(&self.source.part.columns);
        columns.enumerate().map(|(at, (column, stored))| (at, column, stored))
    }

    /// Reads the columns that all rows have, and decides how each comes to the rows.
    fn read(&mut self) -> Result<(), BadBlock> {
        let Self { source, ids, scratch } = self;
        let columns = source.program.columns.iter().zip(&source.part.columns).enumerate();
        scratch.cells.clear();
        scratch.template.clear();
        scratch.template.resize(source.part.stride, 0);
        let mut used = 0;
        for (at, (column, stored)) in columns {
            if !source.is_whole(stored) {
                continue;
            }
            if let Some(class) = column.class {
                source.read_ids(at, ids, &[], &mut scratch.values)?;
                scratch.words(source, at, column, class, ids);
                continue;
            }
            let what = match Way::of(source, column, stored, ids) {
                Way::Template(value) => {
                    let width = column.ty.width() as usize;
                    set(&mut scratch.template, column.offset, width, value);
                    continue;
                }
                Way::Cell(what) => what,
                Way::Read => {
                    let index = used;
                    used += 1;
                    if scratch.numbers.len() < used {
                        scratch.numbers.push(Vec::new());
                    }
                    if let Some(numbers) = scratch.numbers.get_mut(index) {
                        source.read_numbers(column, stored, ids, &[], numbers);
                    }
                    match column.op {
                        Op::SameNumber(offset, ty) => What::Same { offset, ty, index },
                        _ => What::Numbers { index },
                    }
                }
            };
            let (offset, width) = (column.offset, column.ty.width());
            scratch.cells.push(Cell { offset, width, what });
        }
        Ok(())
    }

    /// Corrects the few cells that are not like the others, and writes what only some rows have.
    fn mend(&mut self, rows: &mut [u8]) -> Result<(), BadBlock> {
        for (_, column, stored) in self.columns() {
            if let (None, Some(common), true) =
                (column.class, stored.common(), self.source.is_whole(stored))
                && !matches!(column.op, Op::Previous | Op::SameNumber(..))
            {
                self.patch(column, stored, common, rows);
            }
        }
        let ProgramTail::Items { at, .. } = self.source.program.tail else { return Ok(()) };
        self.read_extents(at, rows)?;
        let mut chosen = None;
        for at in self.source.program.fixed..self.source.part.columns.len() {
            let (Some(column), Some(stored)) =
                (self.source.program.columns.get(at), self.source.part.columns.get(at))
            else {
                continue;
            };
            if chosen != column.item {
                chosen = column.item;
                self.choose(column.item.unwrap_or(0));
            }
            if self.scratch.chosen.len() != stored.len() {
                return Err(BadBlock("an item is not in the rows that have it"));
            }
            if !self.source.is_whole(stored) {
                self.some_rows(at, column, stored, rows)?;
            }
        }
        Ok(())
    }

    fn patch(&self, column: &Column, stored: &Stored, common: i64, rows: &mut [u8]) {
        let stride = self.source.part.stride;
        for (at, other) in stored.others(self.source.data) {
            let start = at.saturating_mul(stride);
            let Some(row) = rows.get_mut(start..start.saturating_add(stride)) else { break };
            let more = other.wrapping_sub(common);
            let value = read(row, column.offset, column.ty).wrapping_add(more);
            set(row, column.offset, column.ty.width() as usize, value);
        }
    }

    fn read_extents(&mut self, at: usize, rows: &[u8]) -> Result<(), BadBlock> {
        self.scratch.extents.clear();
        for row in rows.chunks_exact(self.source.part.stride) {
            let level = read(row, at, Type::U32) as usize;
            if level >= self.source.part.extent {
                return Err(BadBlock("a record has more items than its kind has room for"));
            }
            self.scratch.extents.push(level as u32 + 1);
        }
        Ok(())
    }

    /// Finds the rows that have an item.
    fn choose(&mut self, item: usize) {
        let Scratch { chosen, extents, .. } = &mut *self.scratch;
        chosen.clear();
        let has = extents.iter().enumerate().filter(|(_, extent)| **extent as usize > item);
        chosen.extend(has.map(|(row, _)| row as u32));
    }

    /// Writes an item's column to the rows that have it.
    fn some_rows(
        &mut self,
        at: usize,
        column: &Column,
        stored: &Stored,
        rows: &mut [u8],
    ) -> Result<(), BadBlock> {
        let Self { source, ids, scratch } = self;
        let Scratch { values, chosen, .. } = &mut **scratch;
        if let Some(class) = column.class {
            source.read_ids(at, ids, chosen, values)?;
            let objects = source.objects.get(class);
            let words = objects.map_or(&[][..], |objects| objects.low.as_slice());
            let own = ids.get(at).map_or(&[][..], |ids| ids.all.as_slice());
            values.clear();
            values
                .extend(own.iter().map(|&id| words.get(id as usize).copied().unwrap_or(0) as i64));
        } else {
            source.read_numbers(column, stored, ids, chosen, values);
        }
        let width = (column.ty.width() as usize).min(8);
        for (&row, &value) in chosen.iter().zip(values.iter()) {
            let start = row as usize * source.part.stride;
            set(rows.get_mut(start..).unwrap_or(&mut []), column.offset, width, value);
        }
        Ok(())
    }
}

/// How a column of numbers comes to the rows.
enum Way {
    /// All rows have this one.
    Template(i64),
    Cell(What),
    /// By reading its numbers.
    Read,
}

impl Way {
    fn of(source: &Source<'_>, column: &Column, stored: &Stored, ids: &[Ids]) -> Self {
        let Some(common) = stored.common() else { return Self::Read };
        match column.op {
            Op::Zero => Self::Template(common),
            Op::Keyed(key, table) => {
                let Some((keys, said)) = ids.get(key).zip(source.tables.get(table)) else {
                    return Self::Read;
                };
                match said.same(keys.least, keys.most) {
                    Some(same) => Self::Template(same.wrapping_add(common)),
                    None => Self::Cell(What::Said { column: key, table, more: common }),
                }
            }
            _ => Self::Read,
        }
    }
}

impl Scratch {
    /// The words of a column of objects: in the template if all rows have the same.
    fn words(
        &mut self,
        source: &Source<'_>,
        at: usize,
        column: &Column,
        class: usize,
        ids: &[Ids],
    ) {
        let Some((ids, objects)) = ids.get(at).zip(source.objects.get(class)) else { return };
        for (upper, words) in [(false, &objects.low), (true, &objects.high)] {
            if upper && column.ty != Type::Text {
                break;
            }
            let offset = column.offset + if upper { 8 } else { 0 };
            if ids.least == ids.most {
                let word = words.get(ids.least as usize).copied().unwrap_or(0);
                set(&mut self.template, offset, 8, word as i64);
            } else {
                let what = What::Words { column: at, class, upper };
                self.cells.push(Cell { offset, width: 8, what });
            }
        }
    }
}
