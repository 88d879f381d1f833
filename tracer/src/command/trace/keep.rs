//! Keeps a trace in files: what is due when, and what to say when it fails.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tracer::{
    coverage::Coverage,
    event::{Body, Event},
    host::Host,
    model::{Config, World},
    recording::{Codec, Failure, Files, Header, Note, Progress, Recorder, Settings, Sync},
};

use super::{
    super::{fault::Fault, file},
    now,
};
use crate::cli::Rotate;

/// How long a record waits for the disk at most: what a crash loses.
const TICK: Duration = Duration::from_secs(1);

/// How to keep it.
pub(in crate::command) struct How<'a> {
    pub(in crate::command) path: &'a Path,
    pub(in crate::command) rotate: Option<Rotate>,
    pub(in crate::command) keep: Option<usize>,
    pub(in crate::command) sync: Sync,
    pub(in crate::command) codec: Codec,
    /// Bytes that may wait for the disk at most.
    pub(in crate::command) backlog: u64,
}

/// Keeps a trace.
pub(in crate::command) struct Keep {
    recorder: Recorder,
    rotate: Option<Rotate>,
    /// When the present file was begun.
    begun: Instant,
    ticked: Instant,
    /// The first file.
    path: PathBuf,
    /// What the files are called.
    names: Files,
    /// It goes on from tables that its own records do not make.
    goes_on: bool,
}

impl How<'_> {
    fn files(&self) -> Files {
        Files::new(self.path.to_owned(), self.rotate.is_some(), self.keep, self.sync)
    }

    /// Whether its first file can be made, as far as can be told before anything is traced.
    pub(in crate::command) fn check(&self) -> Result<(), Fault> {
        if self.files().path().symlink_metadata().is_ok() {
            return Err(cannot(self.path, &io::ErrorKind::AlreadyExists.into()));
        }
        Ok(())
    }
}

impl Keep {
    /// Creates the first file.
    pub(in crate::command) fn create(
        how: &How<'_>,
        host: &Host,
        coverage: &Coverage,
        start: u64,
        command: bool,
    ) -> Result<Self, Fault> {
        let header = Header {
            host: host.clone(),
            start,
            run: random().map_err(|error| cannot(how.path, &error))?,
            history: Config::default().history as u32,
            command,
            ..Header::default()
        };
        Self::with(how, header, coverage)
    }

    /// Creates the first file of a recording that goes on from tables as they will be when it begins.
    pub(in crate::command) fn go_on(
        how: &How<'_>,
        host: &Host,
        coverage: &Coverage,
    ) -> Result<Self, Fault> {
        let header = Header {
            host: host.clone(),
            start: now(),
            run: random().map_err(|error| cannot(how.path, &error))?,
            // Its tables are not those that its own records make, but those in front of them.
            part: 1,
            history: Config::default().history as u32,
            ..Header::default()
        };
        Self::with(how, header, coverage)
    }

    fn with(how: &How<'_>, header: Header, coverage: &Coverage) -> Result<Self, Fault> {
        let goes_on = header.part > 0;
        let settings = Settings { header, coverage: coverage.clone(), codec: how.codec };
        let files = how.files();
        let path = files.path();
        let recorder = Recorder::start_within(settings, files, how.backlog)
            .map_err(|error| cannot(how.path, &error))?;
        let begun = Instant::now();
        let names = how.files();
        Ok(Self { recorder, rotate: how.rotate, begun, ticked: begun, path, names, goes_on })
    }

    /// Keeps a record, which the tables have taken in.
    pub(super) fn take(&mut self, record: &[u8], event: &Event, world: &World) {
        self.recorder.push(record, world);
        if matches!(event.body, Body::SnapshotEnd(_)) {
            // Whole tables: reading may begin here, also where everything before was lost.
            self.recorder.keyframe(world);
        } else {
            self.recorder.settle(world);
        }
    }

    /// Begins: what goes on from tables has them in front.
    pub(super) fn begin(&mut self, world: &World) {
        if self.goes_on {
            self.recorder.keyframe(world);
        }
    }

    /// Keeps something about the run.
    pub(super) fn note(&mut self, world: &World, note: Note) {
        self.recorder.note(world, note);
    }

    /// Between two rounds: does what is due.
    pub(super) fn tick(&mut self, world: &World) -> Result<(), Fault> {
        if let Some(failure) = self.recorder.failure() {
            return Err(failed(failure));
        }
        let full = match self.rotate {
            None => false,
            Some(Rotate::Size(bytes)) => is_full(bytes, &self.recorder.progress()),
            Some(Rotate::Time(time)) => self.begun.elapsed() >= time,
        };
        if full {
            self.recorder.rotate(world);
            self.begun = Instant::now();
        } else if self.ticked.elapsed() >= TICK {
            self.recorder.tick(world);
            self.ticked = Instant::now();
        }
        Ok(())
    }

    /// Begins a new file so often from now on.
    pub(super) fn rotate_every(&mut self, rotate: Rotate) {
        self.rotate = Some(rotate);
    }

    /// The path of the first file.
    pub(in crate::command) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the file that is written, or was until just now.
    pub(in crate::command) fn present(&self) -> PathBuf {
        let files = self.recorder.progress().files;
        self.names.name(u32::try_from(files.saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// Records and bytes so far.
    pub(in crate::command) fn progress(&self) -> (u64, Progress) {
        (self.recorder.events(), self.recorder.progress())
    }

    /// Ends the recording properly.
    pub(super) fn end(self, world: &World) -> Result<Progress, Fault> {
        match self.recorder.end(world) {
            (_, Some(failure)) => Err(failed(failure)),
            (written, None) => Ok(written),
        }
    }
}

/// Whether a file is as large as it may be. It has at least half of that in records, also where the
/// tables in front of them take most of it.
fn is_full(bytes: u64, written: &Progress) -> bool {
    written.file >= bytes && written.file - written.front.min(written.file) >= bytes / 2
}

/// Names a run.
fn random() -> io::Result<[u8; 16]> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// The first file cannot be created.
fn cannot(path: &Path, error: &io::Error) -> Fault {
    file::cannot_make(format!("cannot record to {}", path.display()), error)
}

/// Recording stopped.
fn failed(failure: Failure) -> Fault {
    let Failure { error, path, events } = failure;
    let why = match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full".into(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".into(),
        _ => error.to_string(),
    };
    Fault::Failed(anyhow::anyhow!(
        "recording to {} stopped: {why}; the {events} records before are kept",
        path.display()
    ))
}
