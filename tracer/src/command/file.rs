//! Opening recordings, and saying what is wrong with them.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    ops::ControlFlow,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::ExitCode,
};

use tracer::recording::{Damage, Reader, Unreadable};

use super::{fault::Fault, out};

/// The exit code of an answer from a damaged recording: it may be incomplete.
pub(super) const INCONCLUSIVE: u8 = 4;

/// Where a recording comes from.
#[derive(Debug)]
pub(super) enum Source {
    /// A file, which can be read from anywhere.
    File(File),
    /// Standard input.
    Stdin(io::Stdin),
}

impl Read for Source {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(bytes),
            Self::Stdin(stdin) => stdin.read(bytes),
        }
    }
}

/// Opens a recording; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Reader<Source>, Fault> {
    let source =
        if path == Path::new("-") { Source::Stdin(io::stdin()) } else { Source::File(file(path)?) };
    Reader::open(source).map_err(|error| unreadable(path, error))
}

/// Opens a recording to look anywhere in it.
pub(super) fn seekable(path: &Path) -> Result<Reader<File>, Fault> {
    if path == Path::new("-") {
        return Err(Fault::unable(
            "cannot look at a time in standard input",
            "it can only be read once, from its beginning",
            "give the file's name",
        ));
    }
    let mut file = file(path)?;
    file.seek(SeekFrom::Start(0)).map_err(|error| {
        Fault::unable(
            format!("cannot look at a time in {}", path.display()),
            error.to_string(),
            "it must be a file, not a pipe",
        )
    })?;
    Reader::open(file).map_err(|error| unreadable(path, error))
}

fn file(path: &Path) -> Result<File, Fault> {
    let failed = |error: &io::Error| {
        let what = format!("cannot read {}", path.display());
        match error.kind() {
            io::ErrorKind::NotFound => Fault::unable(
                what,
                "there is no such file",
                "recordings are made by `tracer record -o FILE`",
            ),
            io::ErrorKind::PermissionDenied => Fault::unable(
                what,
                "permission denied",
                "a recording can be read by who made it (root, mostly)",
            ),
            _ => cannot_read(path, error),
        }
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(Fault::unable(
            format!("cannot read {}", path.display()),
            "it is a directory",
            "give the recordings in it by name",
        ));
    }
    Ok(file)
}

/// It cannot be read as a recording.
fn unreadable(path: &Path, error: Unreadable) -> Fault {
    let what = format!("cannot read {}", path.display());
    match error {
        Unreadable::Header(_) | Unreadable::Schema(_) => Fault::unable(what, error.to_string(), ""),
        Unreadable::Io(error) => cannot_read(path, &error),
    }
}

/// Reading a file has failed.
pub(super) fn cannot_read(path: &Path, error: &io::Error) -> Fault {
    Fault::Failed(anyhow::anyhow!("cannot read {}: {error}", path.display()))
}

/// A file cannot be made; `what` says which, and for what.
pub(super) fn cannot_make(what: String, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::AlreadyExists => Fault::unable(
            what,
            "the file exists, and is never overwritten",
            "choose another name with -o, or remove it first",
        ),
        io::ErrorKind::NotFound => Fault::unable(
            what,
            "there is no such directory",
            "create it, or choose another with -o",
        ),
        io::ErrorKind::PermissionDenied => {
            Fault::unable(what, "permission denied", "choose a directory of your own with -o")
        }
        _ => Fault::Failed(anyhow::anyhow!("{what}: {error}")),
    }
}

/// Makes a file that its owner alone may read; one that exists is not touched.
pub(super) fn create(path: &Path) -> Result<File, Fault> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| cannot_make(format!("cannot write {}", path.display()), &error))
}

/// What was found damaged on the way.
#[derive(Debug, Default)]
pub(super) struct Damages {
    strict: bool,
    count: usize,
    /// The first one, where none is allowed.
    first: Option<String>,
    /// The file that is read.
    path: PathBuf,
}

impl Damages {
    /// None so far. Where `strict`, the first one ends everything.
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Those of one file that was read.
    pub(super) fn of(path: &Path, found: &[Damage]) -> Self {
        let mut damages = Self::new(false);
        damages.file(path);
        for damage in found {
            // Where none is forbidden, all are said.
            let _ = damages.note(damage);
        }
        damages
    }

    /// The file that is read.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file that is read from now on.
    pub(super) fn file(&mut self, path: &Path) {
        path.clone_into(&mut self.path);
    }

    /// Says one; whether to go on.
    pub(super) fn note(&mut self, damage: &Damage) -> ControlFlow<()> {
        let said = format!("{}: {damage}", self.path.display());
        self.say(said)
    }

    fn say(&mut self, said: String) -> ControlFlow<()> {
        self.count += 1;
        if self.strict {
            self.first = Some(said);
            return ControlFlow::Break(());
        }
        out::note(&said);
        ControlFlow::Continue(())
    }

    /// Says that the file does not go on where the one before ended; whether to go on.
    pub(super) fn gap(&mut self, missing: Option<u64>) -> ControlFlow<()> {
        let path = self.path.display();
        let said = match missing {
            Some(count) => format!("{path}: {count} records are missing before this file"),
            None => format!("{path}: it is another run of the recorder: its tables begin anew"),
        };
        self.say(said)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The exit code, or the error where none was allowed.
    pub(super) fn code(&self) -> Result<ExitCode, Fault> {
        match &self.first {
            Some(said) => Err(Fault::Failed(anyhow::anyhow!("{said}"))),
            None if self.count > 0 => Ok(ExitCode::from(INCONCLUSIVE)),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}
