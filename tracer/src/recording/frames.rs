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

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, until, flaw, .. } = self;
        match flaw {
            Flaw::Garbage => write!(f, "bytes {offset} to {until} are no frame"),
            Flaw::Payload => {
                write!(f, "the frame at byte {offset} is damaged: its payload fails its checksum")
            }
            Flaw::Content(why) => write!(f, "the frame at byte {offset} is damaged: {why}"),
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

/// Finds the frames of a file.
#[derive(Debug)]
pub(super) struct Frames<R> {
    window: Window<R>,
    /// Offset of what comes next.
    at: u64,
    payload: (u64, usize),
}

impl<R: Read> Frames<R> {
    /// The frames of a file, which starts with a header.
    pub(super) fn new(source: R) -> Self {
        Self { window: Window::new(source), at: HEADER as u64, payload: (0, 0) }
    }

    /// The header's bytes, before any frame is asked for.
    pub(super) fn header(&mut self) -> io::Result<&[u8]> {
        self.window.get(0, HEADER)
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
            return Ok(Found::Nothing);
        }
        let Some(head) = Head::read(bytes) else { return self.search() };
        let len = head.payload as usize;
        self.payload = (offset + HEAD as u64, len);
        let payload = self.window.get(self.payload.0, len)?;
        let damage = |until, flaw| Found::Damage(Damage { offset, until, flaw, head: Some(head) });
        if payload.len() < len {
            // The frame is the last one, or the file would go on.
            self.at = self.payload.0 + payload.len() as u64;
            return Ok(damage(self.at, Flaw::Cut));
        }
        let whole = head.fits(payload);
        self.at = offset + head.span();
        Ok(if whole { Found::Frame(offset, head) } else { damage(self.at, Flaw::Payload) })
    }

    /// Looks for the next frame's head behind bytes that are none.
    fn search(&mut self) -> io::Result<Found> {
        let offset = self.at;
        loop {
            self.at += HEAD as u64;
            let bytes = self.window.get(self.at, HEAD)?;
            let ended = bytes.len() < HEAD;
            if ended || Head::read(bytes).is_some() {
                let until = if ended { self.at + bytes.len() as u64 } else { self.at };
                let flaw = if ended { Flaw::Cut } else { Flaw::Garbage };
                self.at = until;
                return Ok(Found::Damage(Damage { offset, until, flaw, head: None }));
            }
        }
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
