//! The part of a file that is looked at: read on as needed, never more than is there.

use std::io::{self, Read, Seek, SeekFrom};

/// How much is read at a time at least.
const CHUNK: usize = 256 << 10;

/// A window that moves forward over a source.
#[derive(Debug)]
pub(super) struct Window<R> {
    source: R,
    bytes: Vec<u8>,
    /// Offset of the first byte.
    begin: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, bytes: Vec::new(), begin: 0, ended: false }
    }

    /// The bytes from an offset on: as many as asked for, fewer only at the end. What lies before
    /// is forgotten.
    pub(super) fn get(&mut self, at: u64, len: usize) -> io::Result<&[u8]> {
        let skip = self.skip(at)?;
        while !self.ended && self.bytes.len() - skip < len {
            self.read(len.max(CHUNK))?;
        }
        Ok(self.held(at, len))
    }

    /// The bytes at an offset that the latest [`Self::get`] has brought.
    pub(super) fn held(&self, at: u64, len: usize) -> &[u8] {
        let from = at.saturating_sub(self.begin).min(self.bytes.len() as u64) as usize;
        let to = from.saturating_add(len).min(self.bytes.len());
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// The offset behind the last byte that was read.
    pub(super) fn end(&self) -> u64 {
        self.begin.saturating_add(self.bytes.len() as u64)
    }

    /// Forgets what lies before an offset, once that is worth the copy; how much of it is left.
    fn skip(&mut self, at: u64) -> io::Result<usize> {
        loop {
            let skip = at.saturating_sub(self.begin);
            let held = self.bytes.len() as u64;
            if skip > held && !self.ended {
                self.begin += held;
                self.bytes.clear();
                self.read(CHUNK)?;
                continue;
            }
            let skip = skip.min(held) as usize;
            if skip < CHUNK.max(self.bytes.len() / 2) {
                return Ok(skip);
            }
            self.bytes.drain(..skip);
            self.begin += skip as u64;
        }
    }

    fn read(&mut self, len: usize) -> io::Result<()> {
        let got = (&mut self.source).take(len as u64).read_to_end(&mut self.bytes)?;
        self.ended = got == 0;
        Ok(())
    }
}

impl<R: Read + Seek> Window<R> {
    /// Moves to an offset, forwards or back.
    pub(super) fn seek(&mut self, at: u64) -> io::Result<()> {
        self.source.seek(SeekFrom::Start(at))?;
        self.begin = at;
        self.bytes.clear();
        self.ended = false;
        Ok(())
    }

    /// Bytes of the source.
    pub(super) fn size(&mut self) -> io::Result<u64> {
        let size = self.source.seek(SeekFrom::End(0))?;
        self.source.seek(SeekFrom::Start(self.begin + self.bytes.len() as u64))?;
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn the_bytes_asked_for_come_and_no_more_at_the_end() {
        let all: Vec<u8> = (0..3 * CHUNK).map(|n| (n / 251 + n) as u8).collect();
        let mut window = Window::new(Cursor::new(&all));
        for at in (0..all.len() + 100).step_by(40_961) {
            let end = all.len().min(at + 100);
            let expected = all.get(at..end).unwrap_or_default();
            assert_eq!(window.get(at as u64, 100).unwrap(), expected, "at {at}");
            assert!(window.bytes.len() <= 2 * CHUNK + 200);
        }
        window.seek(5).unwrap();
        assert_eq!(window.get(5, 3).unwrap(), &all[5..8]);
        assert_eq!(window.size().unwrap(), all.len() as u64);
        assert!(window.get(1 << 20, 1).unwrap().is_empty());
    }
}
