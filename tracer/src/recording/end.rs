//! The proper end of a file, with its totals.

use super::text::Take;

/// Why a file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Recording was ended.
    #[default]
    Ended,
    /// The next file of the run goes on.
    Rotated,
    /// The disk was full, or failed.
    Failed,
}

/// The proper end of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Why.
    pub why: Ending,
    /// Offset of the last index; 0 if there is none.
    pub index: u64,
    /// Records in the file.
    pub events: u64,
    /// Records lost in all of the run.
    pub lost: u64,
    /// Bytes of all records in the file as the kernel wrote them.
    pub raw: u64,
    /// Digest of the tables at the end.
    pub digest: u64,
}

impl End {
    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let why = match self.why {
            Ending::Ended => 0_u64,
            Ending::Rotated => 1,
            Ending::Failed => 2,
        };
        let words = [why, self.index, self.events, self.lost, self.raw, self.digest];
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Reads it; `None` if it is cut.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let why = match take.u64()? {
            1 => Ending::Rotated,
            2 => Ending::Failed,
            _ => Ending::Ended,
        };
        Some(Self {
            why,
            index: take.u64()?,
            events: take.u64()?,
            lost: take.u64()?,
            raw: take.u64()?,
            digest: take.u64()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_read_as_it_was_written_and_a_cut_one_is_none() {
        for why in [Ending::Ended, Ending::Rotated, Ending::Failed] {
            let end = End { why, index: 1, events: 2, lost: 3, raw: 4, digest: 5 };
            let bytes = end.write();
            for len in 0..bytes.len() {
                assert_eq!(End::read(&bytes[..len]), None, "{len} bytes");
            }
            assert_eq!(End::read(&bytes), Some(end));
        }
    }
}
