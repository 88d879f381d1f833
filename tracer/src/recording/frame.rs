//! Frames: what a file consists of behind its header. Each says how long it is and carries two
//! checksums, so that damage is found, bounded and stepped over.

use super::header::{put, u32_at, u64_at};

/// Bytes of a frame's head; frames start at multiples of it.
pub const HEAD: usize = 64;

/// What every frame starts with.
pub const MAGIC: [u8; 4] = *b"TRfr";

/// Most bytes of a payload.
pub const MAX_PAYLOAD: u32 = 16 << 20;

/// What a frame holds. Numbers are never given a second meaning.
pub mod kind {
    /// How records are laid out and encoded ([`Schema`](super::super::Schema)).
    pub const SCHEMA: u8 = 1;
    /// Which hooks were attached, and why not ([`Coverage`](crate::coverage::Coverage)).
    pub const COVERAGE: u8 = 2;
    /// Records ([`Block`](super::super::Block)).
    pub const EVENTS: u8 = 3;
    /// A part of the tables' whole state ([`Keyframe`](super::super::Keyframe)).
    pub const KEYFRAME: u8 = 4;
    /// Where the keyframes are ([`Index`](super::super::Index)).
    pub const INDEX: u8 = 5;
    /// The proper end, with totals ([`End`](super::super::End)).
    pub const END: u8 = 6;
    /// Something about the run ([`Note`](super::super::Note)).
    pub const NOTE: u8 = 7;
}

/// A frame's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// One of [`kind`].
    pub kind: u8,
    /// How the payload is packed ([`Codec`](super::Codec)).
    pub codec: u8,
    /// Bytes of the payload; padding to the next multiple of [`HEAD`] follows it.
    pub payload: u32,
    /// Records in it.
    pub events: u32,
    /// Bytes of the payload once unpacked.
    pub raw: u64,
    /// Number in the run of its first record; of frames without records: of the next record.
    pub first_seq: u64,
    /// Time of its first record, ns since boot; of frames without: the latest time so far.
    pub first_ts: u64,
    /// Time of its last record.
    pub last_ts: u64,
    /// Records lost before it, in all of the run.
    pub lost: u64,
    /// Checksum (CRC-32C) of the payload.
    pub checksum: u32,
}

impl Head {
    /// The head's bytes, in a file of this key ([`Header::key`](super::Header::key)).
    pub fn write(&self, key: u32) -> [u8; HEAD] {
        let mut out = [0; HEAD];
        put(&mut out, 0, &MAGIC);
        put(&mut out, 4, &[self.kind, self.codec]);
        put(&mut out, 8, &self.payload.to_le_bytes());
        put(&mut out, 12, &self.events.to_le_bytes());
        put(&mut out, 16, &self.raw.to_le_bytes());
        put(&mut out, 24, &self.first_seq.to_le_bytes());
        put(&mut out, 32, &self.first_ts.to_le_bytes());
        put(&mut out, 40, &self.last_ts.to_le_bytes());
        put(&mut out, 48, &self.lost.to_le_bytes());
        put(&mut out, 56, &self.checksum.to_le_bytes());
        let checksum = crc32c::crc32c_append(key, out.get(..60).unwrap_or_default());
        put(&mut out, 60, &checksum.to_le_bytes());
        out
    }

    /// The head at the front of `bytes`; `None` if there is none, or it is damaged, or of another
    /// run.
    pub fn read(bytes: &[u8], key: u32) -> Option<Self> {
        let bytes = bytes.get(..HEAD)?;
        if bytes.get(..4)? != MAGIC {
            return None;
        }
        if crc32c::crc32c_append(key, bytes.get(..60)?) != u32_at(bytes, 60)? {
            return None;
        }
        let head = Self {
            kind: *bytes.get(4)?,
            codec: *bytes.get(5)?,
            payload: u32_at(bytes, 8)?,
            events: u32_at(bytes, 12)?,
            raw: u64_at(bytes, 16)?,
            first_seq: u64_at(bytes, 24)?,
            first_ts: u64_at(bytes, 32)?,
            last_ts: u64_at(bytes, 40)?,
            lost: u64_at(bytes, 48)?,
            checksum: u32_at(bytes, 56)?,
        };
        (head.payload <= MAX_PAYLOAD).then_some(head)
    }

    /// Bytes of the whole frame, padding included.
    pub fn span(&self) -> u64 {
        (HEAD as u64 + u64::from(self.payload)).next_multiple_of(HEAD as u64)
    }

    /// Whether this is the payload that was written.
    pub fn fits(&self, payload: &[u8]) -> bool {
        payload.len() == self.payload as usize && crc32c::crc32c(payload) == self.checksum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            kind: kind::EVENTS,
            codec: 3,
            payload: 100,
            events: 4096,
            raw: 1000,
            first_seq: 1 << 40,
            first_ts: 5,
            last_ts: 6,
            lost: 7,
            checksum: 8,
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        assert_eq!(Head::read(&head().write(7), 7), Some(head()));
        assert_eq!(head().span(), 192);
    }

    #[test]
    fn every_flipped_bit_of_a_head_is_noticed() {
        for bit in 0..HEAD * 8 {
            let mut bytes = head().write(7);
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&bytes, 7), None, "bit {bit}");
        }
    }

    #[test]
    fn a_head_of_another_run_is_none() {
        assert_eq!(Head::read(&head().write(7), 8), None);
        assert_eq!(Head::read(&head().write(0), 7), None);
    }

    #[test]
    fn a_payload_beyond_the_bound_is_no_frame() {
        let head = Head { payload: MAX_PAYLOAD + 1, ..head() };
        assert_eq!(Head::read(&head.write(7), 7), None);
    }
}
