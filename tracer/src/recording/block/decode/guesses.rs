//! From a column and its guesses to the objects and numbers of its rows.

use super::super::BadBlock;
use super::super::column::Stored;
use super::layout::Part;
use super::objects::{Objects, Tables};
use super::ring::Row;
use crate::recording::schema::{Column, Op, Program};

/// The objects of a column.
#[derive(Debug, Default)]
pub(super) struct Ids {
    pub(super) all: Vec<u32>,
    /// The smallest and the largest; both 0 if there are none.
    pub(super) least: u32,
    pub(super) most: u32,
}

/// Reads the columns of one part.
pub(super) struct Source<'a> {
    pub(super) program: &'a Program,
    pub(super) part: &'a Part,
    /// What has been computed for its rows.
    pub(super) computed: &'a [Row],
    pub(super) data: &'a [u8],
    pub(super) objects: &'a [Objects],
    pub(super) tables: &'a Tables,
    /// Objects of the program that this one looks at.
    pub(super) recent: &'a [Ids],
}

impl Source<'_> {
    /// Whether all rows have the column.
    pub(super) fn is_whole(&self, stored: &Stored) -> bool {
        stored.len() == self.part.rows
    }

    /// Reads the objects of column `at`. `ids` has those of the columns before it, `chosen` the
    /// rows that have the column if not all do, and `values` is memory to use.
    pub(super) fn read_ids(
        &self,
        at: usize,
        ids: &mut [Ids],
        chosen: &[u32],
        values: &mut Vec<i64>,
    ) -> Result<(), BadBlock> {
        let unknown = BadBlock("a record names an object that is not there");
        let (before, rest) = ids.split_at_mut_checked(at).ok_or(unknown)?;
        let out = rest.first_mut().ok_or(unknown)?;
        let (column, stored) =
            self.program.columns.get(at).zip(self.part.columns.get(at)).ok_or(unknown)?;
        out.all.clear();
        match stored.common() {
            Some(common) if self.is_whole(stored) && !matches!(column.op, Op::Previous) => {
                self.like_guesses(column, stored, before, common as u32, &mut out.all);
            }
            _ => self.unlike_guesses(column, stored, before, chosen, values, &mut out.all),
        }
        out.least = out.all.iter().copied().min().unwrap_or(0);
        out.most = out.all.iter().copied().max().unwrap_or(0);
        let objects = column.class.and_then(|class| self.objects.get(class));
        match objects {
            Some(objects) if (out.most as usize) < objects.low.len() => Ok(()),
            _ => Err(unknown),
        }
    }

    /// Objects that are all, but for a few, `more` above their guesses.
    fn like_guesses(
        &self,
        column: &Column,
        stored: &Stored,
        before: &[Ids],
        more: u32,
        out: &mut Vec<u32>,
    ) {
        match column.op {
            Op::SameObject(source) => {
                out.extend(all(before, source).iter().map(|id| id.wrapping_add(more)));
            }
            Op::Keyed(key, table) => {
                let table = self.tables.get(table);
                let of = |&key: &u32| table.map_or(0, |table| table.get(key)) as u32;
                out.extend(all(before, key).iter().map(|key| of(key).wrapping_add(more)));
            }
            Op::Recent(source) => {
                out.extend(self.recent_ids(source).map(|id| id.wrapping_add(more)));
            }
            _ => out.resize(self.part.rows, more),
        }
        for (at, other) in stored.others(self.data) {
            let Some(id) = out.get_mut(at) else { break };
            *id = id.wrapping_sub(more).wrapping_add(other as u32);
        }
    }

    fn unlike_guesses(
        &self,
        column: &Column,
        stored: &Stored,
        before: &[Ids],
        chosen: &[u32],
        values: &mut Vec<i64>,
        out: &mut Vec<u32>,
    ) {
        self.read_numbers(column, stored, before, chosen, values);
        let values = values.iter();
        match column.op {
            Op::SameObject(source) => {
                let guesses = self.of_rows(source, column, before, chosen);
                out.extend(values.zip(guesses).map(|(&v, guess)| guess.wrapping_add(v as u32)));
            }
            Op::Recent(source) => {
                let guesses = self.recent_ids(source);
                out.extend(values.zip(guesses).map(|(&v, guess)| guess.wrapping_add(v as u32)));
            }
            _ => out.extend(values.map(|&value| value as u32)),
        }
    }

    /// Replaces `values` with the numbers of a column. A guess that is a number of the same row
    /// or an object is left out.
    pub(super) fn read_numbers(
        &self,
        column: &Column,
        stored: &Stored,
        before: &[Ids],
        chosen: &[u32],
        values: &mut Vec<i64>,
    ) {
        if let Op::Previous = column.op {
            stored.sum(self.data, values);
            return;
        }
        stored.unpack(self.data, values);
        if let Op::Keyed(key, table) = column.op
            && let Some(table) = self.tables.get(table)
        {
            let keys = self.of_rows(key, column, before, chosen);
            for (value, key) in values.iter_mut().zip(keys) {
                *value = value.wrapping_add(table.get(key));
            }
        }
    }

    /// The objects of another column, for each row that `column` has.
    fn of_rows<'b>(
        &self,
        source: usize,
        column: &Column,
        before: &'b [Ids],
        chosen: &'b [u32],
    ) -> impl Iterator<Item = u32> + use<'b> {
        let ids = all(before, source);
        let some = column.item.is_some() && source < self.program.fixed && !chosen.is_empty();
        let len = if some { chosen.len() } else { ids.len() };
        (0..len).map(move |at| {
            let at = if some { chosen.get(at).map_or(0, |&row| row as usize) } else { at };
            ids.get(at).copied().unwrap_or(0)
        })
    }

    fn recent_ids(&self, source: usize) -> impl Iterator<Item = u32> {
        let from = all(self.recent, source);
        self.computed.iter().map(|row| from.get(row.recent as usize).copied().unwrap_or(0))
    }
}

/// The objects of a column.
pub(super) fn all(ids: &[Ids], column: usize) -> &[u32] {
    ids.get(column).map_or(&[], |ids| ids.all.as_slice())
}
