//! Where the rows of each kind are.

use super::super::column::{Reader, Stored};
use super::super::{BadBlock, MAX_ROWS};
use super::{Work, padded, spend};
use crate::recording::schema::{Op, Program, ProgramTail, Schema};

/// The rows of a kind of which the block has some.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// Index of its program; none for opaque records.
    pub(super) program: Option<usize>,
    pub(super) rows: usize,
    /// Most items of a row, or most bytes of text.
    pub(super) extent: usize,
    /// Bytes from the start of a row to that of the next.
    pub(super) stride: usize,
    /// Length of a row where all are equally long.
    pub(super) len: usize,
    /// Where the first row begins.
    pub(super) start: usize,
    /// Where what is computed for its rows begins.
    pub(super) first: usize,
    pub(super) columns: Vec<Stored>,
}

pub(super) fn opaque_rows(parts: &[Part]) -> usize {
    parts.iter().filter(|part| part.program.is_none()).map(|part| part.rows).sum()
}

impl Work {
    /// Reads which kinds there are, and the kind of each record.
    pub(super) fn read_kinds(
        &mut self,
        schema: &Schema,
        reader: &mut Reader<'_>,
        events: usize,
    ) -> Result<(), BadBlock> {
        let count = reader.count()?;
        if count > schema.programs().len() + 1 {
            return Err(BadBlock("it has too many kinds"));
        }
        self.parts.resize_with(count, Part::default);
        let mut after = 0;
        for (index, part) in self.parts.iter_mut().enumerate() {
            let kind = reader.count()?;
            part.program = None;
            part.extent = 0;
            part.rows = 0;
            if kind == 0 && index == 0 {
                continue;
            }
            let found = schema.programs().iter().position(|of| usize::from(of.kind) == kind);
            let found = found.filter(|&found| found >= after);
            let program = found.ok_or(BadBlock("a kind is not known or not in its place"))?;
            after = program + 1;
            part.program = Some(program);
            part.extent = reader.count()?;
        }
        reader.column(events)?.unpack(reader.data, &mut self.scratch.values);
        let kinds = self.scratch.values.iter();
        let unknown = BadBlock("a record has no kind");
        if kinds.clone().any(|&kind| kind as u64 >= count as u64) {
            return Err(unknown);
        }
        self.kinds.clear();
        self.kinds.extend(kinds.map(|&kind| kind as u8));
        let mut rows = [0; 256];
        for &kind in &self.kinds {
            *rows.get_mut(usize::from(kind)).ok_or(unknown)? += 1;
        }
        self.parts.iter_mut().zip(rows).for_each(|(part, rows)| part.rows = rows);
        Ok(())
    }

    /// Reads where the columns of each kind are.
    pub(super) fn read_parts(
        &mut self,
        schema: &Schema,
        reader: &mut Reader<'_>,
    ) -> Result<(), BadBlock> {
        let mut opaque = None;
        for (index, part) in self.parts.iter_mut().enumerate() {
            part.columns.clear();
            let Some(program) = part.program.and_then(|at| schema.programs().get(at)) else {
                opaque = Some(index);
                continue;
            };
            part.check_extent(program)?;
            for _ in 0..program.fixed {
                part.columns.push(reader.column(part.rows)?);
            }
            // How many rows have an item is said before the item's columns.
            if let ProgramTail::Items { .. } = program.tail {
                for _ in 0..part.extent {
                    let rows = reader.count()?;
                    if rows > part.rows {
                        return Err(BadBlock("an item is in more rows than there are"));
                    }
                    for _ in 0..program.per_item {
                        part.columns.push(reader.column(rows)?);
                    }
                }
            }
        }
        for part in &self.parts {
            let program = part.program.and_then(|at| schema.programs().get(at));
            let columns = program.map_or(&[][..], |program| &program.columns).iter();
            for (column, stored) in columns.zip(&part.columns) {
                let kept = column.class.is_some() || stored.common().is_none();
                if kept || matches!(column.op, Op::Previous | Op::SameNumber(..)) {
                    spend(&mut self.budget, stored.len())?;
                }
            }
        }
        if let Some(part) = opaque.and_then(|index| self.parts.get_mut(index)) {
            part.columns.push(reader.column(part.rows)?);
        }
        Ok(())
    }

    /// Decides where the rows are; answers how many bytes they take. Opaque ones come last.
    pub(super) fn place(&mut self, data: &[u8]) -> Result<usize, BadBlock> {
        let (mut total, mut first) = (0, 0);
        self.opaque.clear();
        for part in self.parts.iter_mut().rev() {
            part.start = total;
            part.first = first;
            first += part.rows;
            if part.program.is_some() {
                let bytes = part.rows.checked_mul(part.stride);
                total = padded(total + bytes.ok_or(BadBlock("its rows are too large"))?)?;
                continue;
            }
            if let Some(column) = part.columns.first() {
                column.unpack(data, &mut self.opaque);
            }
            for &len in &self.opaque {
                let len = usize::try_from(len).ok().filter(|&len| len <= MAX_ROWS);
                total = padded(total + len.ok_or(BadBlock("a record is too long"))?)?;
            }
        }
        Ok(total)
    }
}

impl Part {
    fn check_extent(&mut self, program: &Program) -> Result<(), BadBlock> {
        let most = match &program.tail {
            ProgramTail::None => 0,
            ProgramTail::Items { long, .. } => *long,
            ProgramTail::Text { max, .. } => *max,
        };
        if self.extent > most {
            return Err(BadBlock("a record is longer than its kind allows"));
        }
        self.len = program.row_len(self.extent);
        self.stride = padded(self.len)?;
        Ok(())
    }
}
