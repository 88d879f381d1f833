//! The tables of a block while it is encoded: what was first said about each object.

use super::super::column::Streams;

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
    pub(super) fn write(&self, streams: &mut Streams, scratch: &mut [Vec<i64>; 2]) {
        let used = || self.0.iter().enumerate().filter(|(_, table)| !table.values.is_empty());
        streams.number(used().count());
        let [values, _] = scratch;
        for (index, table) in used() {
            streams.number(index);
            table.write(streams, values);
        }
    }
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

    /// Objects without a value take that of the one before, which costs least.
    fn write(&self, streams: &mut Streams, values: &mut Vec<i64>) {
        values.clear();
        let mut last = 0;
        for (&value, &defined) in self.values.iter().zip(&self.defined).skip(1) {
            if defined {
                last = value;
            }
            values.push(last);
        }
        streams.differences(values);
    }
}
