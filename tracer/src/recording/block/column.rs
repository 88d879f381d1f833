//! A column of numbers: the smallest, and what each is above it, in as many byte planes as needed.

use super::BadBlock;
use super::varint::{self, Cursor};

/// Bit of a tag: the smallest number follows, else it is 0.
const MIN: u8 = 0x10;
/// Bit of a tag: the number before the first follows, else it is 0.
const BASE: u8 = 0x20;
/// Bit of a tag: the smallest number is that of all but a few, which follow.
const SPARSE: u8 = 0x40;
/// A column is sparse if fewer than one in so many of its numbers are not the common one.
const SPARSE_BELOW: usize = 8;

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
        let common = common(values);
        if values.iter().fold(0, |or, &value| or | (value ^ common)) == 0 {
            self.head(0, common, base);
            return;
        }
        let others = values.iter().filter(|&&value| value != common).count();
        if others <= values.len() / SPARSE_BELOW {
            self.sparse(values, common, others, base);
        } else {
            self.dense(values, base);
        }
    }

    fn head(&mut self, mut tag: u8, min: i64, base: i64) {
        tag |= if min == 0 { 0 } else { MIN };
        tag |= if base == 0 { 0 } else { BASE };
        self.meta.push(tag);
        if min != 0 {
            varint::put_signed(&mut self.meta, min);
        }
        if base != 0 {
            varint::put_signed(&mut self.meta, base);
        }
    }

    fn dense(&mut self, values: &[i64], base: i64) {
        let min = values.iter().copied().min().unwrap_or(0);
        let max = values.iter().copied().max().unwrap_or(0);
        let range = max.wrapping_sub(min) as u64;
        let width = (64 - range.leading_zeros()).div_ceil(8);
        self.head(width as u8, min, base);
        for plane in 0..width {
            let byte = |&value: &i64| (value.wrapping_sub(min) >> (8 * plane)) as u8;
            self.data.extend(values.iter().map(byte));
        }
    }

    /// The few values that are not the common one, and where they are.
    fn sparse(&mut self, values: &[i64], common: i64, others: usize, base: i64) {
        self.head(SPARSE, common, base);
        self.number(others);
        let (mut gaps, mut found) = (Vec::with_capacity(others), Vec::with_capacity(others));
        let mut next = 0;
        for (at, &value) in values.iter().enumerate().filter(|(_, value)| **value != common) {
            gaps.push((at - next) as i64);
            found.push(value);
            next = at + 1;
        }
        self.dense(&gaps, 0);
        self.dense(&found, 0);
    }
}

/// What most values are, if most are the same.
fn common(values: &[i64]) -> i64 {
    let at = |quarter: usize| values.get(values.len() * quarter / 4).copied().unwrap_or(0);
    let (one, two, three) = (at(1), at(2), at(3));
    if two == three { two } else { one }
}

/// Numbers by byte planes.
#[derive(Clone, Copy, Debug, Default)]
struct Planes {
    width: usize,
    min: i64,
    /// Of the first plane in the data.
    at: usize,
    len: usize,
}

/// Where a column of a block is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stored {
    planes: Planes,
    /// The number before the first, for differences.
    base: i64,
    /// Numbers that are not the common one: how many pass before each, and they.
    others: Option<(Planes, Planes)>,
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
        let (planes, base, sparse) = self.planes(len)?;
        if !sparse {
            return Ok(Stored { planes, base, others: None });
        }
        let count = self.count()?;
        if count > len {
            return Err(BadBlock("a column has more exceptions than numbers"));
        }
        let (gaps, _, nested) = self.planes(count)?;
        let (values, _, twice) = self.planes(count)?;
        if nested || twice {
            return Err(BadBlock("a column has exceptions of exceptions"));
        }
        Ok(Stored { planes, base, others: Some((gaps, values)) })
    }

    fn planes(&mut self, len: usize) -> Result<(Planes, i64, bool), BadBlock> {
        let cut = BadBlock("the list of its columns is cut");
        let tag = self.meta.byte().ok_or(cut)?;
        let width = usize::from(tag & 0x0f);
        let sparse = tag & SPARSE != 0;
        if width > 8 || sparse && width > 0 || tag & 0x80 != 0 {
            return Err(BadBlock("a column has a tag that none has"));
        }
        let min = if tag & MIN == 0 { 0 } else { self.meta.signed().ok_or(cut)? };
        let base = if tag & BASE == 0 { 0 } else { self.meta.signed().ok_or(cut)? };
        let at = self.at;
        self.take(len.checked_mul(width).ok_or(cut)?)?;
        Ok((Planes { width, min, at, len }, base, sparse))
    }

    /// The next `len` bytes of the data.
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], BadBlock> {
        let end = self.at.checked_add(len);
        let bytes = end.and_then(|end| self.data.get(self.at..end));
        self.at += len;
        bytes.ok_or(BadBlock("its data end before its columns"))
    }
}

impl Planes {
    /// The planes, lowest first.
    fn bytes<'a>(&self, data: &'a [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = data.get(self.at..self.at + self.len * self.width).unwrap_or(&[]);
        bytes.chunks_exact(self.len.max(1))
    }

    /// Replaces `out` with the numbers.
    fn unpack(&self, data: &[u8], out: &mut Vec<i64>) {
        out.clear();
        let mut planes = self.bytes(data);
        let min = self.min;
        match (self.width, planes.next(), planes.next()) {
            (1, Some(low), _) => {
                out.extend(low.iter().map(|&byte| min.wrapping_add(i64::from(byte))));
            }
            (2, Some(low), Some(high)) => {
                out.extend(low.iter().zip(high).map(|(&low, &high)| {
                    min.wrapping_add(i64::from(u16::from_le_bytes([low, high])))
                }));
            }
            (3, Some(low), Some(middle)) => {
                let high = planes.next().unwrap_or(&[]);
                let words = low.iter().zip(middle).zip(high);
                out.extend(words.map(|((&low, &middle), &high)| {
                    min.wrapping_add(i64::from(u32::from_le_bytes([low, middle, high, 0])))
                }));
            }
            _ => {
                out.resize(self.len, min);
                for (plane, bytes) in self.bytes(data).enumerate() {
                    for (value, &byte) in out.iter_mut().zip(bytes) {
                        *value = value.wrapping_add((u64::from(byte) << (8 * plane)) as i64);
                    }
                }
            }
        }
    }

    fn get(&self, data: &[u8], at: usize) -> i64 {
        let byte = |plane| data.get(self.at + plane * self.len + at).copied().unwrap_or(0);
        let above =
            (0..self.width).rev().fold(0, |sum: u64, plane| sum << 8 | u64::from(byte(plane)));
        self.min.wrapping_add(above as i64)
    }
}

impl Stored {
    pub(super) fn len(&self) -> usize {
        self.planes.len
    }

    /// The number that all are but the [`others`](Self::others); none if they differ.
    pub(super) fn common(&self) -> Option<i64> {
        (self.planes.width == 0).then_some(self.planes.min)
    }

    /// The number that all are.
    pub(super) fn only(&self) -> Option<i64> {
        self.common().filter(|_| self.others.is_none())
    }

    /// The numbers that are not the common one, and which they are.
    pub(super) fn others<'a>(
        &self,
        data: &'a [u8],
    ) -> impl Iterator<Item = (usize, i64)> + use<'a> {
        let (gaps, values) = self.others.unwrap_or_default();
        let mut next = 0_usize;
        (0..gaps.len).map(move |at| {
            let here =
                next.saturating_add(usize::try_from(gaps.get(data, at)).unwrap_or(usize::MAX));
            next = here.saturating_add(1);
            (here, values.get(data, at))
        })
    }

    /// Replaces `out` with the numbers.
    pub(super) fn unpack(&self, data: &[u8], out: &mut Vec<i64>) {
        self.planes.unpack(data, out);
        for (at, other) in self.others(data) {
            if let Some(value) = out.get_mut(at) {
                *value = other;
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
