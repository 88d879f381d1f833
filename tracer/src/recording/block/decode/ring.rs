//! What records share in their order, written into their rows.

use super::super::BadBlock;
use super::super::column::{Reader, Stored};
use super::Work;
use super::layout::Part;
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
    lanes: Vec<Lane>,
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

/// Where a part's rows go while they are counted.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// Where the next row begins, and which row it is.
    next: usize,
    row: u32,
    stride: usize,
    len: u32,
    /// Where the prefix has it.
    kind: u128,
    /// The part whose last row on the same CPU matters.
    from: Option<usize>,
    /// Whether another part looks at this one.
    watched: bool,
    /// Whether its rows differ in length.
    uneven: bool,
    opaque: bool,
}

impl Work {
    fn lanes(&mut self, schema: &Schema) {
        let Self { ring, parts, .. } = self;
        let of = |part: &Part| part.program.and_then(|at| schema.programs().get(at));
        ring.lanes.clear();
        for part in parts.iter() {
            let program = of(part);
            let recent = program.and_then(|program| program.recent);
            let from = parts.iter().position(|from| recent.is_some() && from.program == recent);
            ring.lanes.push(Lane {
                next: part.start,
                row: 0,
                stride: part.stride,
                len: part.len as u32,
                kind: u128::from(program.map_or(0, |program| program.kind)) << 112,
                from: from.or(recent.map(|_| usize::MAX)),
                watched: false,
                uneven: program.is_some_and(|of| !matches!(of.tail, ProgramTail::None)),
                opaque: program.is_none(),
            });
        }
        for at in 0..ring.lanes.len() {
            let from = ring.lanes.get(at).and_then(|lane| lane.from);
            if let Some(lane) = from.and_then(|from| ring.lanes.get_mut(from)) {
                lane.watched = true;
            }
        }
    }

    /// Writes the first 16 bytes of every row, and where it is.
    pub(super) fn lead(
        &mut self,
        schema: &Schema,
        data: &[u8],
        rows: &mut [u8],
        spans: &mut Vec<(u32, u32)>,
    ) -> Result<(), BadBlock> {
        self.lanes(schema);
        let Self { ring, kinds, parts, opaque, .. } = self;
        ring.ts.unpack(data, &mut ring.times);
        ring.cpu.unpack(data, &mut ring.indices);
        ring.seq.unpack(data, &mut ring.seqs);
        ring.last_rows.clear();
        ring.last_rows.resize(ring.cpus.len() * parts.len(), NONE);
        let mut ts = ring.first_ts;
        let mut opaque = opaque.iter();
        let mut shared = ring.times.iter().zip(&ring.indices).zip(&ring.seqs);
        let gone = BadBlock("a record has no place");
        spans.reserve(kinds.len());
        for (index, &kind) in kinds.iter().enumerate() {
            let kind = usize::from(kind);
            let lane = ring.lanes.get_mut(kind).ok_or(gone)?;
            let start = lane.next;
            if lane.opaque {
                let len = *opaque.next().ok_or(gone)? as usize;
                spans.push((start as u32, len as u32));
                lane.next = (start + len).next_multiple_of(8);
                continue;
            }
            spans.push((start as u32, lane.len));
            lane.next = start + lane.stride;
            let ((&delta, &cpu_index), &seq) = shared.next().ok_or(gone)?;
            ts = ts.wrapping_add(delta as u64);
            let cpu_index = cpu_index as usize;
            let cpu = ring.cpus.get_mut(cpu_index).ok_or(BadBlock("a CPU is not known"))?;
            cpu.last = cpu.last.wrapping_add(1).wrapping_add(seq as u32);
            let prefix = u128::from(ts)
                | u128::from(cpu.last) << 64
                | u128::from(cpu.number) << 96
                | lane.kind;
            let cell = rows.get_mut(start..).and_then(|row| row.first_chunk_mut());
            *cell.ok_or(gone)? = prefix.to_le_bytes();
            let lasts = cpu_index * parts.len();
            if lane.watched
                && let Some(last) = ring.last_rows.get_mut(lasts + kind)
            {
                *last = lane.row;
            }
            lane.row += 1;
            if (lane.uneven || lane.from.is_some())
                && let Some(part) = parts.get_mut(kind)
            {
                if let Some(from) = lane.from {
                    let last = ring.last_rows.get(lasts.saturating_add(from));
                    part.recent.push(last.copied().unwrap_or(NONE));
                }
                if lane.uneven {
                    part.order.push(index as u32);
                }
            }
        }
        Ok(())
    }
}
