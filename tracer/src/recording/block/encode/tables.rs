//! The tables of a block while it is encoded: what was first said about each object.

use super::super::column::Streams;
use crate::recording::schema::{Schema, TableGuess};

/// All tables that a block can have.
#[derive(Debug)]
pub(super) struct Tables(Vec<Table>);

#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    values: Vec<i64>,
    defined: Vec<bool>,
}

impl Tables {
    pub(super) fn new(count: usize) -> Self {
        Self(vec![Table::default(); count])
    }

    pub(super) fn clear(&mut self) {
        for table in &mut self.0 {
            table.values.clear();
            table.defined.clear();
        }
    }

    /// Values in all tables.
    pub(super) fn elements(&self) -> usize {
        self.0.iter().map(|table| table.values.len()).sum()
    }

    /// A table over `objects` objects.
    pub(super) fn get(&mut self, table: usize, objects: usize) -> Option<&mut Table> {
        let table = self.0.get_mut(table)?;
        if table.values.is_empty() {
            table.values.resize(objects, 0);
            table.defined.resize(objects, false);
            if let Some(zero) = table.defined.first_mut() {
                *zero = true;
            }
        }
        Some(table)
    }

    /// Writes the tables that are used.
    pub(super) fn write(&mut self, schema: &Schema, streams: &mut Streams, out: &mut Vec<i64>) {
        let used = self.0.iter().filter(|table| !table.values.is_empty()).count();
        streams.number(used);
        for (index, of) in schema.tables().iter().enumerate() {
            let Some((before, rest)) = self.0.split_at_mut_checked(index) else { continue };
            let Some(table) = rest.first_mut().filter(|table| !table.values.is_empty()) else {
                continue;
            };
            streams.number(index);
            streams.number(table.cut());
            table.write(of.guess, before, streams, out);
        }
    }
}

/// What the written form of a table says about an object.
fn said(tables: &[Table], table: usize, id: usize) -> i64 {
    tables.get(table).and_then(|table| table.values.get(id)).copied().unwrap_or(0)
}

impl Table {
    /// The value of an object; the first that is asked for defines it.
    #[inline]
    pub(super) fn value(&mut self, id: u32, value: i64) -> i64 {
        let id = id as usize;
        match (self.values.get_mut(id), self.defined.get_mut(id)) {
            (Some(known), Some(defined)) => {
                if !*defined {
                    *known = value;
                    *defined = true;
                }
                *known
            }
            _ => 0,
        }
    }

    /// Cuts what follows the last object with a value; answers the objects left, without the zero.
    fn cut(&mut self) -> usize {
        let last = self.defined.iter().rposition(|&defined| defined).unwrap_or(0);
        self.values.truncate(last + 1);
        last
    }

    /// Objects without a value take the one that costs least.
    fn write(
        &mut self,
        guess: TableGuess,
        before: &[Self],
        streams: &mut Streams,
        out: &mut Vec<i64>,
    ) {
        out.clear();
        match guess {
            TableGuess::Zero | TableGuess::Previous => self.carry(out),
            TableGuess::Same(table) => self.compare(out, |id| said(before, table, id)),
            TableGuess::Through(table, then) => {
                self.compare(out, |id| said(before, then, said(before, table, id) as usize));
            }
        }
        match guess {
            TableGuess::Previous => streams.differences(out),
            _ => streams.column(out),
        }
    }

    /// Appends the values; what has none has that of the object before.
    fn carry(&mut self, out: &mut Vec<i64>) {
        let mut last = 0;
        for (value, &defined) in self.values.iter_mut().zip(&self.defined).skip(1) {
            last = if defined { *value } else { last };
            *value = last;
        }
        out.extend(self.values.iter().skip(1));
    }

    /// Appends what the values are above their guesses; what has none has its guess.
    fn compare(&mut self, out: &mut Vec<i64>, guess: impl Fn(usize) -> i64) {
        let values = self.values.iter_mut().zip(&self.defined).enumerate().skip(1);
        for (id, (value, &defined)) in values {
            let guess = guess(id);
            if !defined {
                *value = guess;
            }
            out.push(value.wrapping_sub(guess));
        }
    }
}
