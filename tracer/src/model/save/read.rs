//! Columns that are read: a claimed size is believed only as far as there are bytes.

use super::BadState;
use super::columns::Columns;

/// More columns than any table has.
const MOST_COLUMNS: u64 = 256;

/// Reads tables, one behind the other.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
    columns: Vec<Column<'b>>,
    at: usize,
    failed: Option<BadState>,
}

#[derive(Default)]
struct Column<'b> {
    bytes: &'b [u8],
    last: u64,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, columns: Vec::new(), at: 0, failed: None }
    }

    /// A table: `row` is called for each row. A row takes at least one byte.
    pub(super) fn table(&mut self, mut row: impl FnMut(&mut Self)) -> Result<(), BadState> {
        let rows = varint(&mut self.rest).ok_or(BadState::Cut)?;
        let columns = varint(&mut self.rest).ok_or(BadState::Cut)?;
        if columns > MOST_COLUMNS {
            return Err(BadState::Value("number of columns"));
        }
        let mut sizes = Vec::new();
        for _ in 0..columns {
            sizes.push(varint(&mut self.rest).ok_or(BadState::Cut)?);
        }
        self.columns.clear();
        for size in sizes {
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            let (bytes, rest) = self.rest.split_at_checked(size).ok_or(BadState::Cut)?;
            self.rest = rest;
            self.columns.push(Column { bytes, last: 0 });
        }
        for _ in 0..rows {
            self.at = 0;
            row(self);
            if let Some(bad) = self.failed.take() {
                return Err(bad);
            }
            if self.at == 0 {
                return Err(BadState::Value("number of rows"));
            }
        }
        if self.columns.iter().any(|column| !column.bytes.is_empty()) {
            return Err(BadState::Long);
        }
        Ok(())
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), BadState> {
        if self.rest.is_empty() { Ok(()) } else { Err(BadState::Long) }
    }

    #[inline]
    fn take<T>(&mut self, read: impl Fn(&mut &'b [u8]) -> Option<T>) -> Option<T> {
        let column = self.columns.get_mut(self.at);
        self.at += 1;
        let read = column.and_then(|column| read(&mut column.bytes));
        if read.is_none() {
            self.cut();
        }
        read
    }

    #[cold]
    fn cut(&mut self) {
        self.failed.get_or_insert(BadState::Cut);
    }
}

impl Columns for Reader<'_> {
    #[inline]
    fn number(&mut self, _: u64) -> u64 {
        self.take(varint).unwrap_or(0)
    }

    #[inline]
    fn wide(&mut self, _: u64) -> u64 {
        let wide = |bytes: &mut &[u8]| {
            let (wide, rest) = bytes.split_first_chunk()?;
            *bytes = rest;
            Some(u64::from_le_bytes(*wide))
        };
        self.take(wide).unwrap_or(0)
    }

    #[inline]
    fn last(&self) -> u64 {
        self.columns.get(self.at).map_or(0, |column| column.last)
    }

    #[inline]
    fn keep(&mut self, value: u64) {
        if let Some(column) = self.at.checked_sub(1).and_then(|at| self.columns.get_mut(at)) {
            column.last = value;
        }
    }

    fn skip(&mut self) {
        self.at += 1;
    }

    fn place(&self) -> usize {
        self.at
    }

    fn go(&mut self, place: usize) {
        self.at = place;
    }

    fn refuse(&mut self, what: &'static str) {
        self.failed.get_or_insert(BadState::Value(what));
    }

    fn failed(&self) -> bool {
        self.failed.is_some()
    }
}

#[inline]
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    *bytes = rest;
    if first < 0x80 {
        return Some(u64::from(first));
    }
    long_varint(u64::from(first & 0x7f), bytes)
}

fn long_varint(mut value: u64, bytes: &mut &[u8]) -> Option<u64> {
    for shift in (7..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7f);
        if part << shift >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
