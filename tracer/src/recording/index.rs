//! Where the keyframes are.

use super::text::Take;

/// Where a keyframe is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Offset in the file of its first frame.
    pub offset: u64,
    /// Number of the record behind it.
    pub seq: u64,
    /// The latest time before it, ns since boot.
    pub ts: u64,
}

/// Where the keyframes since the previous index are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    /// Offset of the previous index, 0 for the first one.
    pub previous: u64,
    /// The keyframes, in order.
    pub entries: Vec<Entry>,
}

impl Index {
    /// The payload.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.previous.to_le_bytes());
        out.extend((self.entries.len() as u32).to_le_bytes());
        for Entry { offset, seq, ts } in &self.entries {
            out.extend([offset, seq, ts].into_iter().flat_map(|word| word.to_le_bytes()));
        }
        out
    }

    /// Reads it; `None` if it is cut.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut take = Take(bytes);
        let mut index = Self { previous: take.u64()?, entries: Vec::new() };
        for _ in 0..take.u32()? {
            index.entries.push(Entry { offset: take.u64()?, seq: take.u64()?, ts: take.u64()? });
        }
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read_as_it_was_written_and_a_cut_one_is_none() {
        let index = Index { previous: 9, entries: vec![Entry { offset: 1, seq: 2, ts: 3 }; 3] };
        let bytes = index.write();
        for len in 0..bytes.len() {
            assert_eq!(Index::read(&bytes[..len]), None, "{len} bytes");
        }
        assert_eq!(Index::read(&bytes), Some(index));
    }
}
