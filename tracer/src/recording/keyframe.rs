//! Keyframes: the tables' whole state, from which reading can begin, and its digest.
//!
//! A state may be larger than a frame may be, so it comes in parts.

use super::text::Take;

/// Bytes of the state in one part.
const PART: usize = 4 << 20;

/// Most parts: a state of 2 GiB, far beyond the kernel's 4 million PIDs.
const MAX_PARTS: u32 = 512;

/// The tables' whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyframe {
    /// Offset in the file.
    pub offset: u64,
    /// Number in the run of the record behind it.
    pub seq: u64,
    /// The latest time before it, ns since boot.
    pub ts: u64,
    /// Digest of the tables.
    pub digest: u64,
    /// The state, as `World::save` wrote it.
    pub state: Vec<u8>,
}

/// The payloads of a keyframe.
pub(super) fn parts(state: &[u8], digest: u64) -> impl Iterator<Item = Vec<u8>> + '_ {
    let count = state.len().div_ceil(PART).max(1);
    (0..count).map(move |part| {
        let bytes = state.get(part * PART..((part + 1) * PART).min(state.len()));
        let mut out = Vec::new();
        out.extend((part as u32).to_le_bytes());
        out.extend((count as u32).to_le_bytes());
        out.extend(digest.to_le_bytes());
        out.extend(bytes.unwrap_or_default());
        out
    })
}

/// Puts parts together.
#[derive(Debug, Default)]
pub(super) struct Gather {
    next: u32,
    keyframe: Keyframe,
}

impl Gather {
    /// Forgets a keyframe that will not be completed.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes a part in; the keyframe, once it is complete. `Err` for a part that does not belong
    /// here.
    pub(super) fn take(
        &mut self,
        offset: u64,
        seq: u64,
        ts: u64,
        payload: &[u8],
    ) -> Result<Option<Keyframe>, ()> {
        let mut take = Take(payload);
        let (Some(part), Some(parts), Some(digest)) = (take.u32(), take.u32(), take.u64()) else {
            return Err(());
        };
        if part == 0 {
            self.next = 0;
            self.keyframe = Keyframe { offset, seq, ts, digest, state: Vec::new() };
        }
        let fits = self.keyframe.seq == seq && self.keyframe.digest == digest;
        if part != self.next || part >= parts || parts > MAX_PARTS || !fits {
            self.clear();
            return Err(());
        }
        self.keyframe.state.extend(take.0);
        self.next += 1;
        if self.next < parts {
            return Ok(None);
        }
        self.next = 0;
        Ok(Some(std::mem::take(&mut self.keyframe)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_of_any_size_comes_back() {
        for len in [0, 1, PART, PART + 1, 3 * PART - 1] {
            let state: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let mut gather = Gather::default();
            let mut found = None;
            for part in parts(&state, 5) {
                assert!(found.is_none());
                found = gather.take(64, 7, 9, &part).unwrap();
            }
            let expected = Keyframe { offset: 64, seq: 7, ts: 9, digest: 5, state };
            assert!(found == Some(expected), "{len} bytes");
        }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let state = vec![0; 2 * PART];
        let all: Vec<_> = parts(&state, 5).collect();
        let mut gather = Gather::default();
        assert!(gather.take(0, 7, 9, &all[1]).is_err());
        assert!(gather.take(0, 7, 9, &all[0]).unwrap().is_none());
        assert!(gather.take(0, 8, 9, &all[1]).is_err());
        assert!(gather.take(0, 7, 9, &[0; 3]).is_err());
    }
}
