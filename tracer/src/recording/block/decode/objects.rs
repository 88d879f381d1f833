//! The objects of a block and the tables over them.

use super::super::BadBlock;
use super::super::column::{Reader, Stored};
use super::{Work, spend};
use crate::recording::schema::{Schema, TableGuess};

/// The values of the objects of a class; the first is zero.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) low: Vec<u64>,
    /// The upper halves of values of 16 bytes.
    pub(super) high: Vec<u64>,
}

impl Work {
    pub(super) fn read_objects(
        &mut self,
        schema: &Schema,
        reader: &mut Reader<'_>,
    ) -> Result<(), BadBlock> {
        self.objects.resize_with(schema.classes().len(), Objects::default);
        for (objects, class) in self.objects.iter_mut().zip(schema.classes()) {
            let count = reader.count()?;
            spend(&mut self.budget, count.saturating_mul(3))?;
            objects.low.clear();
            objects.high.clear();
            objects.low.push(0);
            objects.high.push(0);
            if count > 0 {
                reader.column(count)?.unpack(reader.data, &mut self.scratch.values);
                objects.read(reader, &self.scratch.values, class.width == 16)?;
            }
        }
        Ok(())
    }
}

impl Objects {
    fn read(&mut self, reader: &mut Reader<'_>, backs: &[i64], wide: bool) -> Result<(), BadBlock> {
        for (before, &back) in backs.iter().enumerate() {
            let at = before as i64 + 1;
            if back == 0 {
                self.low.push(word(reader)?);
                if wide {
                    self.high.push(word(reader)?);
                }
            } else {
                let from = at.checked_sub(back).and_then(|from| usize::try_from(from).ok());
                let from = from.filter(|&from| from < self.low.len());
                let from = from.ok_or(BadBlock("an object repeats none"))?;
                self.low.extend(self.low.get(from).copied());
                if wide {
                    self.high.extend(self.high.get(from).copied());
                }
            }
        }
        Ok(())
    }
}

fn word(reader: &mut Reader<'_>) -> Result<u64, BadBlock> {
    let bytes = reader.take(8)?.first_chunk().ok_or(BadBlock("a value is cut"))?;
    Ok(u64::from_le_bytes(*bytes))
}

/// The tables of a block, by number.
#[derive(Debug, Default)]
pub(super) struct Tables(Vec<Table>);

/// What a block says about each object of a class.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By object; nothing for those behind the last that it speaks of.
    values: Vec<i64>,
    /// The value of all objects but the zero, if it is known to be one.
    same: Option<i64>,
}

impl Table {
    /// What it says about an object.
    #[inline]
    pub(super) fn get(&self, id: u32) -> i64 {
        self.values.get(id as usize).copied().unwrap_or(0)
    }

    /// What it says, by object; 0 for those behind its end.
    pub(super) fn values(&self) -> &[i64] {
        &self.values
    }

    /// What it says about all objects from `least` to `most`, if that is the same.
    pub(super) fn same(&self, least: u32, most: u32) -> Option<i64> {
        if least == most {
            return Some(self.get(least));
        }
        self.same.filter(|_| least > 0 && (most as usize) < self.values.len())
    }
}

impl Tables {
    pub(super) fn read(
        &mut self,
        schema: &Schema,
        reader: &mut Reader<'_>,
        objects: &[Objects],
        budget: &mut usize,
    ) -> Result<(), BadBlock> {
        self.0.resize_with(schema.tables().len(), Table::default);
        self.0.iter_mut().for_each(|table| table.values.clear());
        let mut after = 0;
        for _ in 0..reader.count()? {
            let index = reader.count()?;
            let unknown = BadBlock("a table is not known or not in its place");
            let of = schema.tables().get(index).filter(|_| index >= after).ok_or(unknown)?;
            after = index + 1;
            let len = reader.count()?;
            if objects.get(of.class).is_none_or(|objects| len >= objects.low.len()) {
                return Err(BadBlock("a table has more objects than there are"));
            }
            spend(budget, len)?;
            let stored = reader.column(len)?;
            let (before, rest) = self.0.split_at_mut_checked(index).ok_or(unknown)?;
            let table = rest.first_mut().ok_or(unknown)?;
            table.read(of.guess, &stored, reader.data, before);
        }
        Ok(())
    }

    /// A table; it says nothing if the block does not have it.
    pub(super) fn get(&self, table: usize) -> Option<&Table> {
        self.0.get(table)
    }
}

impl Table {
    fn read(&mut self, guess: TableGuess, stored: &Stored, data: &[u8], before: &[Self]) {
        match guess {
            TableGuess::Previous => stored.sum(data, &mut self.values),
            _ => stored.unpack(data, &mut self.values),
        }
        self.values.insert(0, 0);
        self.same = match guess {
            TableGuess::Zero => stored.only(),
            _ => None,
        };
        let said = |table: usize, id: i64| {
            let id = u32::try_from(id).unwrap_or(u32::MAX);
            before.get(table).map_or(0, |table| table.get(id))
        };
        let values = self.values.iter_mut().enumerate().skip(1);
        match guess {
            TableGuess::Zero | TableGuess::Previous => {}
            TableGuess::Same(table) => values.for_each(|(id, value)| {
                *value = value.wrapping_add(said(table, id as i64));
            }),
            TableGuess::Through(table, then) => values.for_each(|(id, value)| {
                *value = value.wrapping_add(said(then, said(table, id as i64)));
            }),
        }
    }
}
