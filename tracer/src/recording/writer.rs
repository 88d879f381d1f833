//! Writes one file: header, frames, end. Each frame goes out in one piece.

use std::io::{self, Write};

use super::{
    Encoder, End, Ending, Entry, Header, Index, Note, Schema,
    frame::{HEAD, Head, kind},
    keyframe,
    pack::Packer,
    write_coverage,
};
use crate::coverage::Coverage;

/// Keyframes that an index waits for at most.
const INDEXED: usize = 8;

/// Writes one file.
pub struct Writer<W> {
    out: W,
    /// What heads' checksums begin with.
    key: u32,
    /// Bytes that are whole: behind them a failed write may have left a torn frame.
    offset: u64,
    /// Number in the run of the next record.
    seq: u64,
    /// Latest time so far.
    ts: u64,
    /// Records lost so far.
    lost: u64,
    keyframes: Vec<Entry>,
    end: End,
    frame: Vec<u8>,
    payload: Vec<u8>,
    packer: Packer,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub fn create(mut out: W, header: &Header, coverage: &Coverage) -> io::Result<Self> {
        let bytes = header.write();
        out.write_all(&bytes)?;
        let mut writer = Self {
            out,
            key: header.key(),
            offset: bytes.len() as u64,
            seq: header.first_seq,
            ts: header.start,
            lost: 0,
            keyframes: Vec::new(),
            end: End::default(),
            frame: Vec::new(),
            payload: Vec::new(),
            packer: Packer::default(),
        };
        let mut schema = Vec::new();
        Schema::current().write(&mut schema);
        writer.packed(kind::SCHEMA, &schema)?;
        writer.packed(kind::COVERAGE, &write_coverage(coverage))?;
        Ok(writer)
    }

    /// Bytes that are whole.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Number in the run of the next record.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Where it goes to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Goes on where the previous file of the run ended.
    pub fn go_on(&mut self, last: &Self) {
        (self.ts, self.lost) = (last.ts, last.lost);
    }

    /// Writes the records that an encoder has gathered, if any. With them, `lost` records were lost
    /// so far, and `ts` is the latest time.
    pub fn block(&mut self, records: &mut Encoder, lost: u64, ts: u64) -> io::Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let codec = records.codec();
        let bytes = records.raw_bytes() as u64;
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        let packed = records.finish(&mut payload);
        let head = Head {
            kind: kind::EVENTS,
            codec: codec as u8,
            events: packed.events,
            raw: packed.raw_len,
            first_ts: packed.first_ts,
            last_ts: packed.last_ts,
            ..Head::default()
        };
        let written = self.write(head, &payload);
        self.payload = payload;
        written?;
        self.seq = self.seq.saturating_add(u64::from(packed.events));
        self.ts = self.ts.max(ts);
        self.lost = lost;
        self.end.events += u64::from(packed.events);
        self.end.raw += bytes;
        Ok(())
    }

    /// Writes the tables' state as it is behind the last record.
    pub fn keyframe(&mut self, state: &[u8], digest: u64) -> io::Result<()> {
        let entry = Entry { offset: self.offset, seq: self.seq, ts: self.ts };
        for part in keyframe::parts(state, digest) {
            self.packed(kind::KEYFRAME, &part)?;
        }
        self.keyframes.push(entry);
        if self.end.index == 0 || self.keyframes.len() >= INDEXED {
            self.index()?;
        }
        Ok(())
    }

    /// So many records are missing here: the next one's number is later.
    pub fn skip(&mut self, count: u64) {
        self.seq = self.seq.saturating_add(count);
    }

    /// Hands everything on to the file.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Writes something about the run.
    pub fn note(&mut self, note: &Note) -> io::Result<()> {
        self.packed(kind::NOTE, &note.write())
    }

    /// Ends the file properly. `digest` is that of the tables behind the last record, 0 if unknown.
    pub fn end(&mut self, why: Ending, digest: u64) -> io::Result<()> {
        if !self.keyframes.is_empty() {
            self.index()?;
        }
        let end = End { why, lost: self.lost, digest, ..self.end };
        self.packed(kind::END, &end.write())?;
        self.out.flush()
    }

    fn index(&mut self) -> io::Result<()> {
        let entries = std::mem::take(&mut self.keyframes);
        let at = self.offset;
        let index = Index { previous: self.end.index, entries };
        self.packed(kind::INDEX, &index.write())?;
        self.end.index = at;
        Ok(())
    }

    /// Writes a frame without records, compressed where that is worth it.
    fn packed(&mut self, kind: u8, raw: &[u8]) -> io::Result<()> {
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        let codec = self.packer.pack(raw, &mut payload);
        let head = Head { kind, codec: codec as u8, raw: raw.len() as u64, ..Head::default() };
        let written = self.write(head, &payload);
        self.payload = payload;
        written
    }

    fn write(&mut self, head: Head, payload: &[u8]) -> io::Result<()> {
        let (first_ts, last_ts) =
            if head.events == 0 { (self.ts, self.ts) } else { (head.first_ts, head.last_ts) };
        let head = Head {
            payload: u32::try_from(payload.len()).map_err(io::Error::other)?,
            first_seq: self.seq,
            first_ts,
            last_ts,
            lost: self.lost,
            checksum: crc32c::crc32c(payload),
            ..head
        };
        self.frame.clear();
        self.frame.extend(head.write(self.key));
        self.frame.extend(payload);
        self.frame.resize(self.frame.len().next_multiple_of(HEAD), 0);
        self.out.write_all(&self.frame)?;
        self.offset += self.frame.len() as u64;
        Ok(())
    }
}
