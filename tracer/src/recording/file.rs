//! The files of a run: created, synced, rotated and removed.

use std::{
    collections::VecDeque,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// When what is written is forced to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sync {
    /// When the kernel sees fit: a power cut loses what it has not written yet.
    None,
    /// Once a second, or every 4 MiB.
    #[default]
    Interval,
    /// Behind every frame.
    Frame,
}

/// Bytes after which [`Sync::Interval`] does not wait for the second to be over.
const INTERVAL: u64 = 4 << 20;

/// The files of a run.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    /// Files have numbers, as there will be several.
    numbered: bool,
    keep: Option<usize>,
    sync: Sync,
    written: VecDeque<PathBuf>,
    next: u32,
}

impl Files {
    /// Files at this path; with a number before the extension if there will be several, of which
    /// the last `keep` are kept.
    pub fn new(path: PathBuf, numbered: bool, keep: Option<usize>, sync: Sync) -> Self {
        Self { path, numbered, keep, sync, written: VecDeque::new(), next: 0 }
    }

    /// The path of the next file.
    pub fn path(&self) -> PathBuf {
        self.name(self.next)
    }

    /// The path of a file of the run.
    pub fn name(&self, part: u32) -> PathBuf {
        if !self.numbered {
            return self.path.clone();
        }
        let stem = self.path.file_stem().unwrap_or_default();
        let mut name = OsString::from(stem);
        name.push(format!("-{part:05}"));
        if let Some(extension) = self.path.extension() {
            name.push(".");
            name.push(extension);
        }
        self.path.with_file_name(name)
    }

    /// Creates the next file, readable by its owner only; one that exists is never overwritten.
    /// Of the older ones, those beyond `keep` are removed.
    pub fn create(&mut self) -> io::Result<Output> {
        let path = self.name(self.next);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        self.next += 1;
        // The name itself has to survive a power cut; a file system that cannot do that says no.
        if let Some(dir) = path.parent() {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            let _unsupported = File::open(dir).and_then(|dir| dir.sync_all());
        }
        self.written.push_back(path.clone());
        while let Some(keep) = self.keep
            && self.written.len() > keep.max(1)
            && let Some(oldest) = self.written.pop_front()
        {
            // Someone may have moved it away: then it is not ours to remove.
            let _gone = fs::remove_file(oldest);
        }
        Ok(Output { file, path, sync: self.sync, dirty: 0 })
    }
}

/// A file that is written.
#[derive(Debug)]
pub struct Output {
    file: File,
    path: PathBuf,
    sync: Sync,
    /// Bytes written since the last sync.
    dirty: u64,
}

impl Output {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A second is over: forces what was written to the disk, if that was asked for.
    pub fn tick(&mut self) -> io::Result<()> {
        if self.sync == Sync::None { Ok(()) } else { self.force() }
    }

    /// Forces what was written to the disk.
    pub fn force(&mut self) -> io::Result<()> {
        if self.dirty > 0 {
            self.dirty = 0;
            self.file.sync_data()?;
        }
        Ok(())
    }

    /// Takes back what was written behind an offset: a torn frame.
    pub fn cut(&mut self, offset: u64) -> io::Result<()> {
        self.file.set_len(offset)?;
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(offset))?;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.dirty += written as u64;
        if self.sync == Sync::Frame && written == bytes.len()
            || self.sync == Sync::Interval && self.dirty >= INTERVAL
        {
            self.force()?;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.tick()
    }
}
