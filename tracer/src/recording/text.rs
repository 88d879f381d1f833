//! Lengths and texts inside payloads.

use super::header::{u32_at, u64_at};

/// Appends a text behind its length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend(bytes);
}

/// Takes values from the front of a payload.
pub(super) struct Take<'a>(pub(super) &'a [u8]);

impl<'a> Take<'a> {
    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(front)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.bytes(1)?.first().copied()
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        u32_at(self.bytes(4)?, 0)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        u64_at(self.bytes(8)?, 0)
    }

    /// Bytes behind their length.
    pub(super) fn counted(&mut self) -> Option<&'a [u8]> {
        let len = self.u32()?;
        self.bytes(len as usize)
    }

    /// A text behind its length; bytes that are no UTF-8 are replaced.
    pub(super) fn text(&mut self) -> Option<String> {
        Some(String::from_utf8_lossy(self.counted()?).into_owned())
    }
}
