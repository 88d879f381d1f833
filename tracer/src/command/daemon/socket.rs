//! The Unix socket: one daemon each, whatever became of the last one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::{
        fs::{OpenOptionsExt as _, PermissionsExt as _, chown},
        net::UnixListener,
    },
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};

use super::store;
use crate::{cli::User, command::fault::Fault};

/// A socket that is ours alone. Its file goes with it.
pub(super) struct Socket {
    path: PathBuf,
    /// Locked as long as we run: the kernel lets go of it whatever happens to us.
    _lock: File,
}

impl Socket {
    /// Takes the path: a socket that nobody listens on any more is replaced.
    pub(super) fn bind(
        path: &Path,
        group: Option<u32>,
        user: Option<User>,
    ) -> Result<(Self, UnixListener), Fault> {
        let cannot = |error: io::Error| {
            let what = format!("cannot listen on {}", path.display());
            Fault::unable(what, error.to_string(), "choose another with --socket")
        };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            store::create(folder, user).map_err(cannot)?;
        }
        let lock = lock(path).map_err(cannot)?.ok_or_else(|| {
            let what = format!("cannot listen on {}", path.display());
            Fault::unable(what, "another daemon does", "stop it first, or choose another --socket")
        })?;
        match fs::symlink_metadata(path) {
            Ok(about) if !is_socket(&about) => {
                return Err(cannot(io::Error::other("the file there is no socket")));
            }
            Ok(_) => fs::remove_file(path).map_err(cannot)?,
            Err(_) => {}
        }
        // Nobody may connect before the mode is what it shall be.
        let before = rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o177));
        let bound = UnixListener::bind(path);
        rustix::process::umask(before);
        let listener = bound.map_err(cannot)?;
        let owner = user.map(|user| user.uid);
        chown(path, owner, group).map_err(cannot)?;
        if group.is_some() {
            fs::set_permissions(path, fs::Permissions::from_mode(0o660)).map_err(cannot)?;
        }
        Ok((Self { path: path.to_owned(), _lock: lock }, listener))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // The lock's file stays: whoever waits for it has it open.
        let _gone = fs::remove_file(&self.path);
    }
}

fn is_socket(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    about.file_type().is_socket()
}

/// Locks the file beside the socket; `None` if somebody else has.
fn lock(path: &Path) -> io::Result<Option<File>> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(name)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_socket_is_taken_once_and_taken_over_when_it_is_stale() {
        let dir = std::env::temp_dir().join(format!("tracer-socket-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("s");
        let (socket, listener) = Socket::bind(&path, None, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Socket::bind(&path, None, None).err().unwrap();
        assert!(format!("{again:?}").contains("another daemon does"), "{again:?}");
        UnixStream::connect(&path).unwrap();

        // Killed: the file is still there, and nobody listens.
        std::mem::forget(fs::copy("/dev/null", dir.join("x")));
        drop(listener);
        let Socket { _lock: lock, .. } = &socket;
        flock(lock, FlockOperation::Unlock).unwrap();
        std::mem::forget(socket);
        assert!(UnixStream::connect(&path).is_err());
        let (socket, _listener) = Socket::bind(&path, None, None).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(!path.exists());

        // Somebody's file is not ours to remove.
        fs::write(&path, "x").unwrap();
        assert!(Socket::bind(&path, None, None).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"x");
        fs::remove_dir_all(&dir).unwrap();
    }
}
