//! The command to run, found before anything is traced.

use std::{
    env,
    ffi::OsString,
    io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::{
    fs::{Access, access},
    io::Errno,
};

use super::{super::fault::Fault, Child};

/// A command that exists and may be executed.
#[derive(Debug)]
pub(in crate::command) struct Program {
    words: Vec<OsString>,
}

impl Program {
    /// Looks the command up as execvp(3) does; `None` if none was given.
    pub(in crate::command) fn find(words: &[OsString]) -> Result<Option<Self>, Fault> {
        let Some(name) = words.first() else { return Ok(None) };
        if name.as_bytes().contains(&b'/') {
            executable(Path::new(name)).map_err(|errno| refused(name, &errno.into()))?;
        } else {
            let path = env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
            search(name, env::split_paths(&path)).map_err(|errno| refused(name, &errno.into()))?;
        }
        Ok(Some(Self { words: words.to_vec() }))
    }

    /// Its words.
    pub(in crate::command) fn words(&self) -> Vec<Vec<u8>> {
        self.words.iter().map(|word| word.as_bytes().to_vec()).collect()
    }

    /// Runs it. Its standard output goes to standard error: ours carries the trace alone.
    ///
    /// No gate is needed to catch its very first fork: the hooks are attached, so it is in the ring
    /// before this returns, and the ring is read afterwards.
    pub(in crate::command) fn spawn(&self) -> Result<Child, Fault> {
        let name = &self.words[0];
        let child = Command::new(name)
            .args(&self.words[1..])
            .stdout(Stdio::from(io::stderr()))
            .spawn()
            .map_err(|error| refused(name, &error))?;
        Ok(Child::new(child))
    }
}

/// The first of the directories that has it; else the error that execvp(3) would give.
fn search(name: &OsString, directories: impl Iterator<Item = PathBuf>) -> Result<(), Errno> {
    let mut answer = Errno::NOENT;
    for directory in directories {
        match executable(&directory.join(name)) {
            Ok(()) => return Ok(()),
            Err(Errno::ACCESS) => answer = Errno::ACCESS,
            Err(_next) => {}
        }
    }
    Err(answer)
}

/// Whether a file may be executed.
fn executable(file: &Path) -> Result<(), Errno> {
    access(file, Access::EXEC_OK)?;
    if file.is_dir() { Err(Errno::ACCESS) } else { Ok(()) }
}

/// The command cannot be run.
fn refused(name: &OsString, error: &io::Error) -> Fault {
    let name = name.to_string_lossy();
    let help = match error.kind() {
        io::ErrorKind::NotFound => "give a path, or a command that is in PATH",
        io::ErrorKind::PermissionDenied => {
            "it must be a file with the execute permission, on a file system that is not noexec"
        }
        _ => "see execve(2) for this error",
    };
    Fault::unable(format!("cannot run {name:?}"), format!("{error}; nothing was traced"), help)
}
