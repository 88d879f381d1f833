//! What records share in their order, written into their rows.

use super::super::BadBlock;
use super::super::column::{Reader, Stored};
use super::Work;
use crate::recording::schema::{ProgramTail, Schema};

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Where the shared columns are.
#[derive(Debug, Default)]
pub(super) struct Columns {
    cpus: Vec<Cpu>,
    first_ts: u64,
    ts: Stored,
    cpu: Stored,
    seq: Stored,
    times: Vec<i64>,
    indices: Vec<i64>,
    seqs: Vec<i64>,
    /// Where the next row of each part begins, and which row it is.
    next: Vec<(usize, u32)>,
    /// Last row of each part on each CPU.
    last_rows: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Cpu {
    number: u16,
    last: u32,
}

impl Columns {
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, rows: usize) -> Result<(), BadBlock> {
        let count = reader.count()?;
        if count > rows {
            return Err(BadBlock("it has more CPUs than records"));
        }
        self.cpus.clear();
        for _ in 0..count {
            let number = u16::try_from(reader.count()?).ok();
            let first = u32::try_from(reader.count()?).ok();
            let (number, first) =
                number.zip(first).ok_or(BadBlock("a CPU's number is too large"))?;
            self.cpus.push(Cpu { number, last: first.wrapping_sub(1) });
        }
        self.first_ts = reader.meta.varint().ok_or(BadBlock("its first time is cut"))?;
        self.ts = reader.column(rows)?;
        self.cpu = reader.column(rows)?;
        self.seq = reader.column(rows)?;
        Ok(())
    }
}

impl Work {
    /// Writes the first 16 bytes of every row, and where it is.
    pub(super) fn lead(
        &mut self,
        schema: &Schema,
        data: &[u8],
        rows: &mut [u8],
        spans: &mut Vec<(u32, u32)>,
    ) -> Result<(), BadBlock> {
        let Self { ring, kinds, parts, opaque, .. } = self;
        ring.ts.unpack(data, &mut ring.times);
        ring.cpu.unpack(data, &mut ring.indices);
        ring.seq.unpack(data, &mut ring.seqs);
        ring.next.clear();
        ring.next.extend(parts.iter().map(|part| (part.start, 0)));
        ring.last_rows.clear();
        ring.last_rows.resize(ring.cpus.len() * parts.len(), NONE);
        let mut of_program = vec![None; schema.programs().len()];
        for (index, part) in parts.iter().enumerate() {
            if let Some(cell) = part.program.and_then(|program| of_program.get_mut(program)) {
                *cell = Some(index);
            }
        }
        let mut ts = ring.first_ts;
        let mut opaque = opaque.iter();
        let mut shared = ring.times.iter().zip(&ring.indices).zip(&ring.seqs);
        let gone = BadBlock("a record has no place");
        for (index, &kind) in kinds.iter().enumerate() {
            let kind = kind as usize;
            let (part, next) = parts.get_mut(kind).zip(ring.next.get_mut(kind)).ok_or(gone)?;
            let (start, row) = *next;
            let Some(program) = part.program.and_then(|at| schema.programs().get(at)) else {
                let len = *opaque.next().ok_or(gone)? as usize;
                spans.push((start as u32, len as u32));
                next.0 = (start + len).next_multiple_of(8);
                continue;
            };
            *next = (start + part.stride, row + 1);
            spans.push((start as u32, part.len as u32));
            if !matches!(program.tail, ProgramTail::None) {
                part.order.push(index as u32);
            }
            let ((&delta, &cpu_index), &seq) = shared.next().ok_or(gone)?;
            ts = ts.wrapping_add(delta as u64);
            let cpu_index = cpu_index as usize;
            let cpu = ring.cpus.get_mut(cpu_index).ok_or(BadBlock("a CPU is not known"))?;
            cpu.last = cpu.last.wrapping_add(1).wrapping_add(seq as u32);
            let prefix = u128::from(ts)
                | u128::from(cpu.last) << 64
                | u128::from(cpu.number) << 96
                | u128::from(program.kind) << 112;
            let cell = rows.get_mut(start..).and_then(|row| row.first_chunk_mut());
            *cell.ok_or(gone)? = prefix.to_le_bytes();
            let base = cpu_index * ring.next.len();
            if let Some(recent) = program.recent {
                let from = of_program.get(recent).copied().flatten();
                let last = from.and_then(|from| ring.last_rows.get(base + from));
                part.recent.push(last.copied().unwrap_or(NONE));
            }
            if let Some(last) = ring.last_rows.get_mut(base + kind) {
                *last = row;
            }
        }
        Ok(())
    }
}
