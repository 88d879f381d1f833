//! Places to go on from: keyframes, by the index, and the end.

use std::io::{self, Read, Seek};

use super::{
    super::{End, Entry, Index, Keyframe, frame::kind, header::HEADER},
    Reader,
};

/// How much is looked through at a time, from the end.
const STEP: u64 = 1 << 20;

impl<R: Read + Seek> Reader<R> {
    /// The keyframes of the file, in order, by its index. In a file without end frame the last
    /// index is looked for.
    pub fn keyframes(&mut self) -> io::Result<Vec<Entry>> {
        let resume = self.pause();
        let mut found: Vec<Entry> = Vec::new();
        let mut before = self.frames.size()?;
        let mut next = self.last_index()?;
        // Each index lies before the one that names it, and the keyframes in order before theirs:
        // a forged one that goes round in circles is not followed.
        while let Some(at) = next.filter(|&at| is_place(at) && at < before) {
            before = at;
            self.frames.seek(at)?;
            let Some(index) = self.index()? else { break };
            for entry in index.entries.into_iter().rev() {
                let limit = found.last().map_or(at, |later| later.offset);
                if is_place(entry.offset) && entry.offset < limit {
                    found.push(entry);
                }
            }
            next = Some(index.previous);
        }
        found.reverse();
        self.frames.seek(resume)?;
        Ok(found)
    }

    /// Reads the index that starts here; `None` if there is none.
    fn index(&mut self) -> io::Result<Option<Index>> {
        let head = self.frames.here()?.filter(|head| head.kind == kind::INDEX);
        Ok(head.and_then(|head| self.unpack(&head)).and_then(|()| Index::read(&self.raw)))
    }

    /// The offset of the last index.
    fn last_index(&mut self) -> io::Result<Option<u64>> {
        let mut to = self.frames.size()?;
        while to > HEADER as u64 {
            let from = before(to);
            self.frames.seek(from)?;
            let (mut last, mut named) = (None, None);
            while let Some(head) = self.frames.find(to)? {
                let at = self.frames.offset();
                let whole = match head.kind {
                    kind::INDEX | kind::END => self.frames.here()?.is_some(),
                    _ => false,
                };
                if !whole {
                    self.frames.step(&head);
                } else if head.kind == kind::INDEX {
                    last = Some(at);
                } else if self.unpack(&head).is_some() {
                    named = End::read(&self.raw).map(|end| end.index);
                }
            }
            if named.or(last).is_some() {
                return Ok(named.or(last));
            }
            to = from;
        }
        Ok(None)
    }

    /// The keyframe at a place, behind which reading goes on; `None` if there is none, or it is
    /// damaged.
    pub fn keyframe(&mut self, entry: &Entry) -> io::Result<Option<Keyframe>> {
        self.jump(entry)?;
        loop {
            let at = self.frames.offset();
            let Some(head) = self.frames.here()?.filter(|head| head.kind == kind::KEYFRAME) else {
                return Ok(None);
            };
            if self.unpack(&head).is_none() {
                return Ok(None);
            }
            match self.gather.take(at, &head, &self.raw) {
                Ok(None) => {}
                Ok(Some(keyframe)) => {
                    self.expected = keyframe.seq;
                    return Ok(Some(keyframe));
                }
                Err(()) => return Ok(None),
            }
        }
    }

    /// Goes on at the first frame behind the schema and the coverage.
    pub fn rewind(&mut self) -> io::Result<()> {
        let start = Entry { offset: self.body, seq: self.header.first_seq, ts: self.header.start };
        self.jump(&start)
    }

    /// Goes on at a keyframe.
    pub fn jump(&mut self, to: &Entry) -> io::Result<()> {
        let _elsewhere = self.pause();
        self.frames.seek(to.offset)?;
        self.gather.clear();
        (self.expected, self.damaged) = (to.seq, 0);
        self.waiting = None;
        Ok(())
    }

    /// Where to go on after having looked elsewhere.
    fn pause(&mut self) -> u64 {
        self.held.take().map_or_else(|| self.frames.offset(), |(offset, _)| offset)
    }

    /// The latest time in the file, by the last frames.
    pub fn last_ts(&mut self) -> io::Result<u64> {
        let resume = self.pause();
        let mut latest = None;
        let mut to = self.frames.size()?;
        while latest.is_none() && to > HEADER as u64 {
            let from = before(to);
            self.frames.seek(from)?;
            while let Some(head) = self.frames.find(to)? {
                latest = latest.max(Some(head.last_ts));
                self.frames.step(&head);
            }
            to = from;
        }
        self.frames.seek(resume)?;
        Ok(latest.unwrap_or(self.header.start))
    }
}

/// A step back: where frames may start.
fn before(to: u64) -> u64 {
    to.saturating_sub(STEP).next_multiple_of(64).max(HEADER as u64)
}

/// Whether a frame may start there.
fn is_place(at: u64) -> bool {
    at >= HEADER as u64 && at.is_multiple_of(64)
}
