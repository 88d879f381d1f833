//! How values are put into columns, for both directions: a transform is a bijection, so the writer
//! and the reader run the same code.

use super::super::slab::Handle;
use super::shape::Shape;

/// One direction. Each call of a row takes the next column.
pub(super) trait Columns {
    /// A small number, as a varint. The writer writes and answers `value`; the reader ignores it
    /// and answers what it reads.
    fn number(&mut self, value: u64) -> u64;

    /// A number that looks random, as eight bytes.
    fn wide(&mut self, value: u64) -> u64;

    /// The value that the row before had in the column that is next; 0 at the start.
    fn last(&self) -> u64;

    /// Sets what [`Columns::last`] answers in the next row, for the column before the next.
    fn keep(&mut self, value: u64);

    /// Leaves out the next column in this row.
    fn skip(&mut self);

    /// The next column's place, to come back to it for another element of a list.
    fn place(&self) -> usize;

    /// Goes to a column.
    fn go(&mut self, place: usize);

    /// What is read cannot be: the reader fails.
    fn refuse(&mut self, what: &'static str);

    /// Whether the reader has failed.
    fn failed(&self) -> bool;

    fn u64(&mut self, value: &mut u64) {
        *value = self.number(*value);
    }

    fn u32(&mut self, value: &mut u32) {
        let read = self.number(u64::from(*value));
        *value = self.narrow(read);
    }

    fn short(&mut self, value: &mut u16) {
        *value = self.number(u64::from(*value)) as u16;
    }

    fn i32(&mut self, value: &mut i32) {
        let code = self.number(zigzag(i64::from(*value) as u64));
        *value = unzigzag(code) as i64 as i32;
    }

    /// A value that is often equal or near to `to`.
    fn near(&mut self, value: &mut u64, to: u64) {
        let code = self.number(zigzag(value.wrapping_sub(to)));
        *value = to.wrapping_add(unzigzag(code));
    }

    /// A 32-bit number that is often equal or near to `to`.
    fn near32(&mut self, value: &mut i32, to: i32) {
        let code = self.number(zigzag(i64::from(value.wrapping_sub(to)) as u64));
        *value = to.wrapping_add(unzigzag(code) as i32);
    }

    /// A time that is 0, or a little after `to`.
    fn time(&mut self, value: &mut u64, to: u64) {
        let none = zigzag(0u64.wrapping_sub(to));
        let swap = |code: u64| match code {
            0 => none,
            code if code == none => 0,
            code => code,
        };
        let code = self.number(swap(zigzag(value.wrapping_sub(to))));
        *value = to.wrapping_add(unzigzag(swap(code)));
    }

    /// A value that is often equal or near to that of the row before.
    fn step(&mut self, value: &mut u64) {
        let last = self.last();
        self.near(value, last);
        self.keep(*value);
    }

    fn step32(&mut self, value: &mut i32) {
        let last = self.last() as i32;
        self.near32(value, last);
        self.keep(u64::from(*value as u32));
    }

    /// `None`, or a small number.
    fn option(&mut self, value: &mut Option<u32>) {
        match self.number(value.map_or(0, |value| u64::from(value) + 1)) {
            0 => *value = None,
            code => *value = Some(self.narrow(code - 1)),
        }
    }

    fn narrow(&mut self, value: u64) -> u32 {
        u32::try_from(value).unwrap_or_else(|_| {
            self.refuse("number");
            0
        })
    }

    /// A handle, near to slot `to`. That of an entry takes no generation; one whose entry is gone
    /// keeps its own.
    fn handle(&mut self, value: &mut Option<Handle>, shape: &Shape, to: u32) {
        let code = value.map_or(0, |handle| {
            let near = zigzag(i64::from(handle.slot()).wrapping_sub(i64::from(to)) as u64);
            (near << 1 | u64::from(!shape.has(handle))) + 1
        });
        let code = self.number(code);
        let Some(code) = code.checked_sub(1) else {
            *value = None;
            self.skip();
            return;
        };
        let slot = i64::from(to).wrapping_add(unzigzag(code >> 1) as i64);
        let slot = u32::try_from(slot).unwrap_or_else(|_| {
            self.refuse("link");
            0
        });
        let generation = if code & 1 == 0 {
            self.skip();
            shape.generation(slot)
        } else {
            self.number(value.map_or(0, |handle| u64::from(handle.generation()))) as u32
        };
        *value = Handle::new(slot, generation);
        if value.is_none() {
            self.refuse("link");
        }
    }

    /// A link near to slot `to`.
    fn link<K: From<Handle> + Into<Handle> + Copy>(
        &mut self,
        value: &mut Option<K>,
        shape: &Shape,
        to: u32,
    ) {
        let mut handle = value.map(Into::into);
        self.handle(&mut handle, shape, to);
        *value = handle.map(Into::into);
    }

    /// A link that is often that of the row before.
    fn same<K: From<Handle> + Into<Handle> + Copy>(
        &mut self,
        value: &mut Option<K>,
        shape: &Shape,
    ) {
        self.after(value, shape, 0);
    }

    /// A link whose slot is often so many behind that of the row before.
    fn after<K: From<Handle> + Into<Handle> + Copy>(
        &mut self,
        value: &mut Option<K>,
        shape: &Shape,
        step: u32,
    ) {
        let (place, last) = (self.place(), self.last());
        self.link(value, shape, (last as u32).saturating_add(step));
        if let Some(id) = *value {
            let (handle, end): (Handle, _) = (id.into(), self.place());
            self.go(place + 1);
            self.keep(u64::from(handle.slot()));
            self.go(end);
        }
    }
}

/// Small numbers of either sign to small numbers.
pub(super) fn zigzag(value: u64) -> u64 {
    value << 1 ^ ((value as i64) >> 63) as u64
}

pub(super) fn unzigzag(code: u64) -> u64 {
    code >> 1 ^ (code & 1).wrapping_neg()
}
