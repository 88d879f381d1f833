//! Columns that are written.

use super::columns::Columns;

/// Writes tables, one behind the other.
pub(super) struct Writer<'o> {
    out: &'o mut Vec<u8>,
    columns: Vec<Column>,
    at: usize,
}

#[derive(Default)]
struct Column {
    bytes: Vec<u8>,
    last: u64,
}

impl<'o> Writer<'o> {
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self { out, columns: Vec::new(), at: 0 }
    }

    /// A table: `row` is called for each item and puts its columns.
    pub(super) fn table<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut row: impl FnMut(&mut Self, T),
    ) {
        let mut rows = 0;
        for item in items {
            self.at = 0;
            row(self, item);
            rows += 1;
        }
        varint(self.out, rows);
        varint(self.out, self.columns.len() as u64);
        for column in &self.columns {
            varint(self.out, column.bytes.len() as u64);
        }
        for column in self.columns.drain(..) {
            self.out.extend_from_slice(&column.bytes);
        }
    }

    fn column(&mut self) -> Option<&mut Column> {
        if self.at >= self.columns.len() {
            self.columns.resize_with(self.at + 1, Column::default);
        }
        self.at += 1;
        self.columns.get_mut(self.at - 1)
    }
}

impl Columns for Writer<'_> {
    fn number(&mut self, value: u64) -> u64 {
        if let Some(column) = self.column() {
            varint(&mut column.bytes, value);
        }
        value
    }

    fn wide(&mut self, value: u64) -> u64 {
        if let Some(column) = self.column() {
            column.bytes.extend_from_slice(&value.to_le_bytes());
        }
        value
    }

    fn last(&self) -> u64 {
        self.columns.get(self.at).map_or(0, |column| column.last)
    }

    fn keep(&mut self, value: u64) {
        if let Some(column) = self.at.checked_sub(1).and_then(|at| self.columns.get_mut(at)) {
            column.last = value;
        }
    }

    fn skip(&mut self) {
        self.column();
    }

    fn place(&self) -> usize {
        self.at
    }

    fn go(&mut self, place: usize) {
        self.at = place;
    }

    fn refuse(&mut self, _: &'static str) {}

    fn failed(&self) -> bool {
        false
    }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
