//! What records share in their order, written into their rows.

use super::super::BadBlock;
use super::super::column::{Reader, Stored};
use super::Work;
use crate::recording::schema::Schema;

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

/// What is computed for each row, part by part.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// Its first 16 bytes.
    pub(super) prefix: u128,
    /// The last row, on its CPU, of the part that its own looks at.
    pub(super) recent: u32,
    /// Which record it is.
    pub(super) record: u32,
}

/// Where a part's rows go while they are counted.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// Where the next row begins, and which row it is.
    start: usize,
    row: u32,
    /// Where what is computed for its rows begins.
    first: usize,
    stride: usize,
    len: u32,
    /// Where the prefix has it.
    kind: u128,
    /// The part whose last row on the same CPU matters; one behind the last if none does.
    from: usize,
    opaque: bool,
}

impl Work {
    fn lanes(&mut self, schema: &Schema) {
        let Self { ring, parts, .. } = self;
        ring.lanes.clear();
        for part in parts.iter() {
            let program = part.program.and_then(|at| schema.programs().get(at));
            let recent = program.and_then(|program| program.recent);
            let from = parts.iter().position(|from| recent.is_some() && from.program == recent);
            ring.lanes.push(Lane {
                start: part.start,
                row: 0,
                first: part.first,
                stride: part.stride,
                len: part.len as u32,
                kind: u128::from(program.map_or(0, |program| program.kind)) << 112,
                from: from.unwrap_or(parts.len()),
                opaque: program.is_none(),
            });
        }
    }

    /// Computes the first 16 bytes of every row, and where it is. What a kind does not need is
    /// computed too: which kind comes next is hard to predict.
    pub(super) fn lead(
        &mut self,
        schema: &Schema,
        data: &[u8],
        spans: &mut Vec<(u32, u32)>,
    ) -> Result<(), BadBlock> {
        self.lanes(schema);
        let Self { ring, kinds, parts, opaque, rows, .. } = self;
        rows.resize(kinds.len(), Row::default());
        spans.resize(kinds.len(), (0, 0));
        ring.ts.unpack(data, &mut ring.times);
        ring.cpu.unpack(data, &mut ring.indices);
        ring.seq.unpack(data, &mut ring.seqs);
        let width = parts.len() + 1;
        ring.last_rows.clear();
        ring.last_rows.resize(ring.cpus.len() * width, NONE);
        let mut ts = ring.first_ts;
        let mut opaque = opaque.iter();
        let mut shared = ring.times.iter().zip(&ring.indices).zip(&ring.seqs);
        let gone = BadBlock("a record has no place");
        for (record, (&kind, span)) in kinds.iter().zip(spans.iter_mut()).enumerate() {
            let kind = usize::from(kind);
            let lane = ring.lanes.get_mut(kind).ok_or(gone)?;
            if lane.opaque {
                let len = *opaque.next().ok_or(gone)? as usize;
                *span = (lane.start as u32, len as u32);
                lane.start = (lane.start + len).next_multiple_of(8);
                continue;
            }
            *span = (lane.start as u32, lane.len);
            lane.start += lane.stride;
            let ((&delta, &cpu_index), &seq) = shared.next().ok_or(gone)?;
            ts = ts.wrapping_add(delta as u64);
            let cpu_index = cpu_index as usize;
            let cpu = ring.cpus.get_mut(cpu_index).ok_or(BadBlock("a CPU is not known"))?;
            cpu.last = cpu.last.wrapping_add(1).wrapping_add(seq as u32);
            let prefix = u128::from(ts)
                | u128::from(cpu.last) << 64
                | u128::from(cpu.number) << 96
                | lane.kind;
            let lasts = ring.last_rows.get_mut(cpu_index * width..).ok_or(gone)?;
            let recent = *lasts.get(lane.from).ok_or(gone)?;
            *lasts.get_mut(kind).ok_or(gone)? = lane.row;
            *rows.get_mut(lane.first + lane.row as usize).ok_or(gone)? =
                Row { prefix, recent, record: record as u32 };
            lane.row += 1;
        }
        Ok(())
    }
}
