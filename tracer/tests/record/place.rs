//! A directory of a test, the verbs, and a storm to record.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use tracer::{
    event::Header,
    recording::{Block, Item, Reader},
};
use tracer_ebpf::wire::Wire;

use super::run::TRACER;

/// A directory that is gone with the test.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tracer-record-{}-{name}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The recordings in it, by name.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|ext| ext == "tracer")).collect();
        found.sort();
        found
    }
}

impl AsRef<Path> for Dir {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// The program with a verb.
pub(crate) fn verb(name: &str) -> Command {
    let mut command = Command::new(TRACER);
    command.arg(name).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a verb says of files.
pub(crate) fn of<P: AsRef<OsStr>>(words: &[&str], files: impl IntoIterator<Item = P>) -> Output {
    let (name, rest) = words.split_first().unwrap();
    verb(name).args(rest).args(files).output().unwrap()
}

/// What it said on standard error.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// That a verb ends with a code.
pub(crate) fn ends(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
    assert!(!said(output).contains("panicked"), "{}", said(output));
}

/// Forks without end, until it is dropped.
pub(crate) struct Storm(Child);

impl Storm {
    pub(crate) fn start() -> Self {
        let mut shell = Command::new("sh");
        Self(shell.args(["-c", "while :; do (:); done"]).spawn().unwrap())
    }
}

impl Drop for Storm {
    fn drop(&mut self) {
        let _over = self.0.kill();
        let _over = self.0.wait();
    }
}

/// Bytes of a file that is written; 0 before it exists.
pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// The headers of all records that can be read.
pub(crate) fn headers(path: &Path) -> Vec<Header> {
    let mut reader = Reader::open(fs::File::open(path).unwrap()).unwrap();
    let mut block = Block::new();
    let mut headers = Vec::new();
    while let Some(item) = reader.next(&mut block).unwrap() {
        if matches!(item, Item::Records(_)) {
            headers.extend(block.records().filter_map(Header::read));
        }
    }
    headers
}
