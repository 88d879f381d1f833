//! A column of numbers: the smallest, and what each is above it, in as many byte planes as needed.

use super::BadBlock;
use super::varint::{self, Cursor};

/// Bit of a tag: the smallest number follows, else it is 0.
const MIN: u8 = 0x10;
/// Bit of a tag: the number before the first follows, else it is 0.
const BASE: u8 = 0x20;

/// Where columns are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Streams {
    /// Tags and other numbers.
    pub(super) meta: Vec<u8>,
    /// Planes and values.
    pub(super) data: Vec<u8>,
}

impl Streams {
    pub(super) fn clear(&mut self) {
        self.meta.clear();
        self.data.clear();
    }

    pub(super) fn number(&mut self, value: usize) {
        varint::put(&mut self.meta, value as u64);
    }

    /// Writes a column.
    pub(super) fn column(&mut self, values: &[i64]) {
        self.with_base(values, 0);
    }

    /// Writes a column of numbers by their differences, which replace them.
    pub(super) fn differences(&mut self, values: &mut [i64]) {
        let step = match values {
            [first, second, ..] => second.wrapping_sub(*first),
            _ => 0,
        };
        let base = values.first().map_or(0, |first| first.wrapping_sub(step));
        let mut last = base;
        for value in values.iter_mut() {
            let difference = value.wrapping_sub(last);
            last = *value;
            *value = difference;
        }
        self.with_base(values, base);
    }

    fn with_base(&mut self, values: &[i64], base: i64) {
        let (min, max) = values
            .iter()
            .fold((i64::MAX, i64::MIN), |(min, max), &value| (min.min(value), max.max(value)));
        let (min, range) =
            if values.is_empty() { (0, 0) } else { (min, max.wrapping_sub(min) as u64) };
        let width = (64 - range.leading_zeros()).div_ceil(8);
        let mut tag = width as u8;
        tag |= if min == 0 { 0 } else { MIN };
        tag |= if base == 0 { 0 } else { BASE };
        self.meta.push(tag);
        if min != 0 {
            varint::put_signed(&mut self.meta, min);
        }
        if base != 0 {
            varint::put_signed(&mut self.meta, base);
        }
        for plane in 0..width {
            let byte = |&value: &i64| (value.wrapping_sub(min) >> (8 * plane)) as u8;
            self.data.extend(values.iter().map(byte));
        }
    }
}

/// Where a column of a block is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    width: usize,
    /// The smallest number; the only one if there are no planes.
    pub(super) min: i64,
    /// The number before the first, for differences.
    pub(super) base: i64,
    /// Of the planes in the data.
    at: usize,
    pub(super) len: usize,
}

/// Reads what [`Streams`] wrote.
pub(super) struct Reader<'a> {
    pub(super) meta: Cursor<'a>,
    pub(super) data: &'a [u8],
    /// Bytes of the data that have been given out.
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn count(&mut self) -> Result<usize, BadBlock> {
        self.meta.count().ok_or(BadBlock("a count is cut or too large"))
    }

    /// The next column, of `len` numbers.
    pub(super) fn column(&mut self, len: usize) -> Result<Stored, BadBlock> {
        let cut = BadBlock("the list of its columns is cut");
        let tag = self.meta.byte().ok_or(cut)?;
        let width = usize::from(tag & 0x0f);
        if width > 8 || tag & !(0x0f | MIN | BASE) != 0 {
            return Err(BadBlock("a column has a tag that none has"));
        }
        let min = if tag & MIN == 0 { 0 } else { self.meta.signed().ok_or(cut)? };
        let base = if tag & BASE == 0 { 0 } else { self.meta.signed().ok_or(cut)? };
        let at = self.at;
        self.take(len.checked_mul(width).ok_or(cut)?)?;
        Ok(Stored { width, min, base, at, len })
    }

    /// The next `len` bytes of the data.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], BadBlock> {
        let end = self.at.checked_add(len);
        let bytes = end.and_then(|end| self.data.get(self.at..end));
        self.at += len;
        bytes.ok_or(BadBlock("its data end before its columns"))
    }
}

impl Stored {
    /// Whether all numbers are [`min`](Self::min).
    pub(super) fn is_constant(&self) -> bool {
        self.width == 0
    }

    /// The planes, lowest first.
    fn planes<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let bytes = data.get(self.at..self.at + self.len * self.width).unwrap_or(&[]);
        bytes.chunks_exact(self.len.max(1))
    }

    /// Replaces `out` with the numbers.
    pub(super) fn unpack(&self, data: &[u8], out: &mut Vec<i64>) {
        out.clear();
        let mut planes = self.planes(data);
        let min = self.min;
        match (self.width, planes.next(), planes.next()) {
            (1, Some(low), _) => {
                out.extend(low.iter().map(|&byte| min.wrapping_add(i64::from(byte))));
            }
            (2, Some(low), Some(high)) => {
                out.extend(low.iter().zip(high).map(|(&low, &high)| {
                    min.wrapping_add(i64::from(u16::from_le_bytes([low, high])))
                }))
            }
            _ => {
                out.resize(self.len, min);
                for (plane, bytes) in self.planes(data).enumerate() {
                    for (value, &byte) in out.iter_mut().zip(bytes) {
                        *value = value.wrapping_add((u64::from(byte) << (8 * plane)) as i64);
                    }
                }
            }
        }
    }

    /// Replaces `out` with the numbers that the differences sum up to.
    pub(super) fn sum(&self, data: &[u8], out: &mut Vec<i64>) {
        self.unpack(data, out);
        let mut last = self.base;
        for value in out {
            last = last.wrapping_add(*value);
            *value = last;
        }
    }
}
