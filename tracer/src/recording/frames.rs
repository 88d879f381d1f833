//! From a file's bytes to its frames, beyond any damage.

use std::{
    fmt,
    io::{self, Read, Seek},
};

use super::{
    frame::{HEAD, Head},
    header::HEADER,
    window::Window,
};

/// What is wrong with a part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// No frame starts where one should.
    Garbage,
    /// A frame's payload does not fit its checksum.
    Payload,
    /// A frame's payload cannot be what it says it is.
    Content(String),
    /// The file ends within a frame.
    Cut,
    /// The file ends without an end frame: its recorder was killed, or is still at work.
    NoEnd,
    /// So many records are missing before this place, or, at 0, before this file.
    Missing(u64),
}

/// A part of a file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Where it begins.
    pub offset: u64,
    /// Where the next frame that can be used may begin.
    pub until: u64,
    /// What is wrong.
    pub flaw: Flaw,
    /// The frame's head, where that is whole.
    pub head: Option<Head>,
}

impl Damage {
    /// Records are missing before a place.
    pub fn missing(count: u64, offset: u64) -> Self {
        Self { offset, until: offset, flaw: Flaw::Missing(count), head: None }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, until, flaw, .. } = self;
        match flaw {
            Flaw::Garbage => write!(f, "bytes {offset} to {until} are no frame"),
            Flaw::Payload => {
                write!(f, "the frame at byte {offset} is damaged: its payload fails its checksum")
            }
            Flaw::Content(why) => write!(f, "the frame at byte {offset} is damaged: {why}"),
            Flaw::Missing(count) if *offset == 0 => {
                write!(f, "{count} records are missing between the file before and this one")
            }
            Flaw::Missing(count) => write!(f, "{count} records are missing before byte {offset}"),
            Flaw::Cut => write!(f, "the file is cut within the frame at byte {offset}"),
            Flaw::NoEnd => write!(
                f,
                "the recording ends at byte {offset} without an end frame: its recorder was killed, or still records"
            ),
        }
    }
}

/// What comes next in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A whole frame at this offset; [`Frames::payload`] has its payload.
    Frame(u64, Head),
    /// Something that is none.
    Damage(Damage),
    /// Nothing more.
    Nothing,
}

/// Most bytes of damaged payloads that are looked through for frames. Only a file made to be slow
/// has more: heads behind heads, each of which claims all that follows.
const PATIENCE: u64 = 256 << 20;

/// Finds the frames of a file.
#[derive(Debug)]
pub(super) struct Frames<R> {
    window: Window<R>,
    /// What heads' checksums begin with.
    key: u32,
    /// Offset of what comes next.
    at: u64,
    payload: (u64, usize),
    patience: u64,
}

impl<R: Read> Frames<R> {
    /// The frames of a file, which starts with a header.
    pub(super) fn new(source: R) -> Self {
        let window = Window::new(source);
        Self { window, key: 0, at: HEADER as u64, payload: (0, 0), patience: PATIENCE }
    }

    /// The header's bytes, before any frame is asked for.
    pub(super) fn header(&mut self) -> io::Result<&[u8]> {
        self.window.get(0, HEADER)
    }

    /// The file's key, which its header gives.
    pub(super) fn unlock(&mut self, key: u32) {
        self.key = key;
    }

    /// Offset of what comes next.
    pub(super) fn offset(&self) -> u64 {
        self.at
    }

    /// The payload of the frame that was found last.
    pub(super) fn payload(&self) -> &[u8] {
        self.window.held(self.payload.0, self.payload.1)
    }

    /// What comes next.
    pub(super) fn next(&mut self) -> io::Result<Found> {
        let offset = self.at;
        let bytes = self.window.get(offset, HEAD)?;
        if bytes.is_empty() {
            // The last frame's padding may be cut.
            self.at = self.at.min(self.window.end());
            return Ok(Found::Nothing);
        }
        let Some(head) = Head::read(bytes, self.key) else { return self.search(None) };
        if self.take(&head)? { Ok(Found::Frame(offset, head)) } else { self.damaged(head) }
    }

    /// The whole frame that starts exactly here, if there is one.
    pub(super) fn here(&mut self) -> io::Result<Option<Head>> {
        let Some(head) = Head::read(self.window.get(self.at, HEAD)?, self.key) else {
            return Ok(None);
        };
        Ok(self.take(&head)?.then_some(head))
    }

    /// Brings the payload of the frame here, and steps over the frame if it is whole.
    fn take(&mut self, head: &Head) -> io::Result<bool> {
        let len = head.payload as usize;
        self.payload = (self.at + HEAD as u64, len);
        let whole = head.fits(self.window.get(self.payload.0, len)?);
        if whole {
            self.at += head.span();
        }
        Ok(whole)
    }

    /// Where to go on behind a frame whose payload is not what its head says: at the next head. Its
    /// length says nothing, as bytes may be gone, or have come in between.
    fn damaged(&mut self, head: Head) -> io::Result<Found> {
        if let Some(patience) = self.patience.checked_sub(u64::from(head.payload)) {
            self.patience = patience;
            return self.search(Some(head));
        }
        let offset = self.at;
        self.at += self.window.get(offset, head.span() as usize)?.len() as u64;
        let (until, head) = (self.at, Some(head));
        Ok(Found::Damage(Damage { offset, until, flaw: Flaw::Payload, head }))
    }

    /// Looks for the next frame's head behind what is none, or behind the head of a damaged frame.
    fn search(&mut self, head: Option<Head>) -> io::Result<Found> {
        let offset = self.at;
        self.at += HEAD as u64;
        let found = self.find(u64::MAX)?.is_some();
        let reached = self.at - offset;
        let flaw = match head {
            Some(head) if found || reached >= head.span() => Flaw::Payload,
            None if found || reached >= HEAD as u64 => Flaw::Garbage,
            _ => Flaw::Cut,
        };
        Ok(Found::Damage(Damage { offset, until: self.at, flaw, head }))
    }

    /// Goes to the next head from here on, and before an offset. Without one, this goes there, or
    /// to the end.
    pub(super) fn find(&mut self, to: u64) -> io::Result<Option<Head>> {
        while self.at < to {
            let bytes = self.window.get(self.at, HEAD)?;
            if bytes.len() < HEAD {
                self.at = self.window.end();
                return Ok(None);
            }
            if let Some(head) = Head::read(bytes, self.key) {
                return Ok(Some(head));
            }
            self.at += HEAD as u64;
        }
        Ok(None)
    }

    /// Steps over a frame without looking at its payload.
    pub(super) fn step(&mut self, head: &Head) {
        self.at += head.span();
    }
}

impl<R: Read + Seek> Frames<R> {
    /// Goes on at another frame.
    pub(super) fn seek(&mut self, at: u64) -> io::Result<()> {
        self.at = at;
        self.window.seek(at)
    }

    /// Bytes of the file.
    pub(super) fn size(&mut self) -> io::Result<u64> {
        self.window.size()
    }
}
