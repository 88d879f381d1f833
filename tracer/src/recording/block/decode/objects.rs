//! The objects of a block and the tables over them.

use super::super::BadBlock;
use super::super::column::Reader;
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
            spend(&mut self.budget, count)?;
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
                self.high.push(if wide { word(reader)? } else { 0 });
            } else {
                let from = at.checked_sub(back).and_then(|from| usize::try_from(from).ok());
                let pair =
                    from.and_then(|from| Some((*self.low.get(from)?, *self.high.get(from)?)));
                let (low, high) = pair.ok_or(BadBlock("an object repeats none"))?;
                self.low.push(low);
                self.high.push(high);
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
pub(super) struct Tables(Vec<Vec<i64>>);

impl Tables {
    pub(super) fn read(
        &mut self,
        schema: &Schema,
        reader: &mut Reader<'_>,
        objects: &[Objects],
        budget: &mut usize,
    ) -> Result<(), BadBlock> {
        self.0.resize_with(schema.tables().len(), Vec::new);
        self.0.iter_mut().for_each(Vec::clear);
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
            match of.guess {
                TableGuess::Previous => stored.sum(reader.data, table),
                _ => stored.unpack(reader.data, table),
            }
            table.insert(0, 0);
            let said = |table: usize, id: i64| {
                let table = before.get(table).map_or(&[][..], Vec::as_slice);
                usize::try_from(id).ok().and_then(|id| table.get(id)).copied().unwrap_or(0)
            };
            let values = table.iter_mut().enumerate().skip(1);
            match of.guess {
                TableGuess::Zero | TableGuess::Previous => {}
                TableGuess::Same(table) => values.for_each(|(id, value)| {
                    *value = value.wrapping_add(said(table, id as i64));
                }),
                TableGuess::Through(table, then) => values.for_each(|(id, value)| {
                    *value = value.wrapping_add(said(then, said(table, id as i64)));
                }),
            }
        }
        Ok(())
    }

    /// A table; empty if the block does not have it.
    pub(super) fn get(&self, table: usize) -> &[i64] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}
