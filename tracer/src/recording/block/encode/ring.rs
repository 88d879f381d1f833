//! What the records of a block share in their order: kind, time, CPU and sequence number.

use super::super::column::Streams;
use super::super::varint;
use super::part::Part;
use crate::recording::schema::Schema;

/// Stands for a program where there is none.
pub(super) const OPAQUE: u8 = u8::MAX;
/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// The shared columns while they grow.
#[derive(Debug)]
pub(super) struct Ring {
    programs: usize,
    /// The program of each record.
    pub(super) kinds: Vec<u8>,
    /// Times, differences from the time before.
    ts: Vec<i64>,
    first_ts: u64,
    last_ts: u64,
    /// Index of the CPU.
    cpus: Vec<i64>,
    /// What each sequence number is above its expectation.
    seqs: Vec<i64>,
    /// Index of a CPU, plus one, by its number.
    by_number: Vec<u32>,
    known: Vec<Cpu>,
    /// Last row of each program on each CPU.
    last_rows: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Cpu {
    number: u16,
    first: u32,
    last: u32,
}

/// The kind of a record that has a header's start.
#[inline]
pub(super) fn kind(record: &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(*record.get(14..)?.first_chunk()?))
}

impl Ring {
    pub(super) fn new(programs: usize) -> Self {
        Self {
            programs,
            kinds: vec![],
            ts: vec![],
            first_ts: 0,
            last_ts: 0,
            cpus: vec![],
            seqs: vec![],
            by_number: vec![],
            known: vec![],
            last_rows: vec![],
        }
    }

    pub(super) fn clear(&mut self) {
        for cpu in &self.known {
            if let Some(index) = self.by_number.get_mut(usize::from(cpu.number)) {
                *index = 0;
            }
        }
        self.kinds.clear();
        self.ts.clear();
        self.cpus.clear();
        self.seqs.clear();
        self.known.clear();
        self.last_rows.clear();
    }

    /// Adds row `row` of a program; answers the last row of `recent` on its CPU.
    #[inline]
    pub(super) fn push(
        &mut self,
        record: &[u8],
        program: u8,
        row: u32,
        recent: Option<usize>,
    ) -> u32 {
        let Some((prefix, _)) = record.split_first_chunk::<16>() else { return NONE };
        let prefix = u128::from_le_bytes(*prefix);
        let (ts, seq, number) = (prefix as u64, (prefix >> 64) as u32, (prefix >> 96) as u16);
        self.kinds.push(program);
        if self.ts.is_empty() {
            self.first_ts = ts;
            self.last_ts = ts;
        }
        self.ts.push(ts.wrapping_sub(self.last_ts) as i64);
        self.last_ts = ts;
        let index = self.cpu(number, seq);
        self.cpus.push(index as i64);
        if let Some(cpu) = self.known.get_mut(index) {
            self.seqs.push(i64::from(seq.wrapping_sub(cpu.last).wrapping_sub(1) as i32));
            cpu.last = seq;
        }
        let base = index * self.programs;
        if let Some(last) = self.last_rows.get_mut(base + usize::from(program)) {
            *last = row;
        }
        recent.and_then(|recent| self.last_rows.get(base + recent).copied()).unwrap_or(NONE)
    }

    /// Index of a CPU.
    #[inline]
    fn cpu(&mut self, number: u16, seq: u32) -> usize {
        match self.by_number.get(usize::from(number)) {
            Some(&index) if index > 0 => index as usize - 1,
            _ => self.add_cpu(number, seq),
        }
    }

    fn add_cpu(&mut self, number: u16, seq: u32) -> usize {
        if self.by_number.len() <= usize::from(number) {
            self.by_number.resize(usize::from(number) + 1, 0);
        }
        let index = self.known.len();
        self.known.push(Cpu { number, first: seq, last: seq.wrapping_sub(1) });
        self.last_rows.resize(self.last_rows.len() + self.programs, NONE);
        if let Some(cell) = self.by_number.get_mut(usize::from(number)) {
            *cell = index as u32 + 1;
        }
        index
    }

    pub(super) fn write(
        &self,
        streams: &mut Streams,
        schema: &Schema,
        parts: &[Part],
        opaque: bool,
    ) {
        streams.number(self.kinds.len());
        let present = || parts.iter().enumerate().filter(|(_, part)| part.rows() > 0);
        streams.number(present().count() + usize::from(opaque));
        let mut index = [0; 256];
        if opaque {
            streams.number(0);
        }
        for (at, (program, part)) in present().enumerate() {
            let kind = schema.programs().get(program).map_or(0, |program| program.kind);
            streams.number(usize::from(kind));
            streams.number(part.extent());
            if let Some(index) = index.get_mut(program) {
                *index = at as i64 + i64::from(opaque);
            }
        }
        let kinds: Vec<i64> = self
            .kinds
            .iter()
            .map(|&kind| index.get(usize::from(kind)).copied().unwrap_or(0))
            .collect();
        streams.column(&kinds);
        streams.number(self.known.len());
        for cpu in &self.known {
            streams.number(usize::from(cpu.number));
            streams.number(cpu.first as usize);
        }
        varint::put(&mut streams.meta, self.first_ts);
        streams.column(&self.ts);
        streams.column(&self.cpus);
        streams.column(&self.seqs);
    }
}
