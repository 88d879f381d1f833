//! Keyframes: the tables' whole state, from which reading can begin, and its digest.
//!
//! A state may be larger than a frame may be, so it comes in parts.

use super::{frame::Head, text::Take};

/// Bytes of the state in one part.
const PART: usize = 4 << 20;

/// Most parts: a state of 2 GiB, far beyond the kernel's 4 million PIDs.
const MAX_PARTS: u32 = 512;

/// A state may be this long, and longer only by a factor of what is stored: cookies are random, so
/// a real one shrinks to a third, and a few hundred bytes cannot claim the host's memory.
const SMALL: usize = 64 << 20;
const FACTOR: usize = 256;

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
    /// Bytes as they are stored.
    stored: usize,
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
        head: &Head,
        payload: &[u8],
    ) -> Result<Option<Keyframe>, ()> {
        let mut take = Take(payload);
        let (Some(part), Some(parts), Some(digest)) = (take.u32(), take.u32(), take.u64()) else {
            return Err(());
        };
        let (seq, ts) = (head.first_seq, head.last_ts);
        if part == 0 {
            (self.next, self.stored) = (0, 0);
            self.keyframe = Keyframe { offset, seq, ts, digest, state: Vec::new() };
        }
        let fits = self.keyframe.seq == seq && self.keyframe.digest == digest;
        self.stored = self.stored.saturating_add(head.payload as usize);
        let room = SMALL.max(self.stored.saturating_mul(FACTOR));
        let fits = fits && self.keyframe.state.len() + take.0.len() <= room;
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

    fn head(payload: &[u8]) -> Head {
        Head { first_seq: 7, last_ts: 9, payload: payload.len() as u32, ..Head::default() }
    }

    #[test]
    fn a_state_of_any_size_comes_back() {
        for len in [0, 1, PART, PART + 1, 3 * PART - 1] {
            let state: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let mut gather = Gather::default();
            let mut found = None;
            for part in parts(&state, 5) {
                assert!(found.is_none());
                found = gather.take(64, &head(&part), &part).unwrap();
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
        let there = head(&all[0]);
        assert!(gather.take(0, &there, &all[1]).is_err());
        assert!(gather.take(0, &there, &all[0]).unwrap().is_none());
        assert!(gather.take(0, &Head { first_seq: 8, ..there }, &all[1]).is_err());
        assert!(gather.take(0, &there, &[0; 3]).is_err());
    }

    #[test]
    fn a_state_that_few_bytes_claim_to_be_huge_is_refused() {
        let state = vec![0; SMALL + PART];
        let mut gather = Gather::default();
        let mut parts = parts(&state, 5);
        let bomb = Head { payload: 400, ..head(&[]) };
        assert!(parts.by_ref().take(SMALL / PART).all(|part| gather.take(0, &bomb, &part).is_ok()));
        assert!(gather.take(0, &bomb, &parts.next().unwrap()).is_err());
    }
}
