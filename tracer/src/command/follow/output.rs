//! Standard output of a trace: it may be slow, and it may be closed at any time.

use std::{
    io::{self, Stdout},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{FileType, fstat},
    io::Errno,
};

use super::super::{fault::Fault, signals::Signals};

/// Text beyond this is written within a round, so that a burst needs no memory.
const FULL: usize = 64 << 10;
/// What a pipe that has room takes without blocking (`PIPE_BUF`).
const PIECE: usize = 4096;
/// How often signals are looked at while the reader is slow.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
/// No time at all.
const AT_ONCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
/// How long a reader may keep a trace waiting that was asked to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// Standard output.
pub(in crate::command) struct Output {
    /// What is not yet written.
    pub(in crate::command) text: String,
    stdout: Stdout,
    /// A pipe, a socket or a terminal: writing may block, and the reader may go away.
    has_reader: bool,
    /// The reader has gone, or the user has lost patience with it.
    closed: bool,
    /// Text was dropped for that.
    cut: bool,
    signals: Signals,
    failed: Option<io::Error>,
}

impl Output {
    /// Standard output; while its reader is slow, `signals` are heard.
    pub(in crate::command) fn stdout(signals: Signals) -> Self {
        let stdout = io::stdout();
        let has_reader = fstat(&stdout)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile);
        Self {
            text: String::new(),
            stdout,
            has_reader,
            closed: false,
            cut: false,
            signals,
            failed: None,
        }
    }

    /// The signals.
    pub(in crate::command) fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The signals, for somebody else to hear.
    #[cfg(feature = "kernel")]
    pub(in crate::command) fn into_signals(self) -> Signals {
        self.signals
    }

    /// Whether nobody reads any more.
    pub(in crate::command) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether the end of the trace was dropped, as the reader was too slow for the user.
    pub(in crate::command) fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether so much has gathered that it should go out.
    pub(in crate::command) fn is_full(&self) -> bool {
        self.text.len() >= FULL || self.failed.is_some()
    }

    /// Writes if much has gathered; an error is kept for [`Self::flush`].
    pub(in crate::command) fn relieve(&mut self) {
        if self.text.len() >= FULL
            && let Err(error) = self.write()
        {
            self.failed = Some(error);
            self.closed = true;
        }
    }

    /// Writes everything, and notices when the reader goes away.
    pub(in crate::command) fn flush(&mut self) -> Result<(), Fault> {
        let written = match self.failed.take() {
            Some(error) => Err(error),
            None => self.write(),
        };
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            written => Ok(written?),
        }
    }

    /// Writes everything, in pieces that do not block if there is a reader.
    fn write(&mut self) -> io::Result<()> {
        let text = std::mem::take(&mut self.text);
        if self.closed {
            return Ok(());
        }
        if !self.has_reader {
            self.put(text.as_bytes())?;
        } else if text.is_empty() {
            self.closed = self.reader(AT_ONCE)? == Reader::Gone;
        } else {
            for piece in text.as_bytes().chunks(PIECE) {
                match self.wait()? {
                    Reader::Ready => self.put(piece)?,
                    slow_or_gone => {
                        self.closed = true;
                        self.cut = slow_or_gone == Reader::Slow;
                        break;
                    }
                }
            }
        }
        // Keeps the allocation for the next round.
        self.text = text;
        self.text.clear();
        Ok(())
    }

    /// Waits until the reader takes more, has gone, or is too slow for the user.
    fn wait(&self) -> io::Result<Reader> {
        let mut patience = None;
        loop {
            let reader = self.reader(LOOK)?;
            if reader != Reader::Slow || self.signals.insists() {
                return Ok(reader);
            }
            if self.signals.asked().is_some() {
                let until = *patience.get_or_insert_with(|| Instant::now() + PATIENCE);
                if Instant::now() > until {
                    return Ok(reader);
                }
            }
        }
    }

    /// Writes bytes, whether that blocks or not.
    fn put(&self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match rustix::io::write(&self.stdout, bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// What the reader does; a slow one is given some time.
    fn reader(&self, time: Timespec) -> io::Result<Reader> {
        let mut stdout = [PollFd::new(&self.stdout, PollFlags::OUT)];
        match poll(&mut stdout, Some(&time)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let seen = stdout[0].revents();
        Ok(if seen.intersects(PollFlags::ERR | PollFlags::NVAL) {
            Reader::Gone
        } else if seen.contains(PollFlags::OUT) {
            Reader::Ready
        } else {
            Reader::Slow
        })
    }
}

/// What the reader of a pipe does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// It takes more.
    Ready,
    /// It takes nothing for now.
    Slow,
    /// It has closed.
    Gone,
}
