//! The BPF descriptors that this process holds, found as any other process would find them.

use std::{
    fs, io,
    os::fd::{BorrowedFd, OwnedFd, RawFd},
};

use anyhow::{Context, Result};

/// One descriptor.
#[derive(Debug)]
pub(crate) struct Own {
    /// Its number. It belongs to the library's session, which outlives every use here.
    pub(crate) fd: RawFd,
    /// What `/proc/self/fdinfo` says of it.
    info: String,
}

impl Own {
    /// A field of its description.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let (_, value) = self
            .info
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| *key == name)?;
        Some(value.trim())
    }

    /// The same, of our own.
    pub(crate) fn duplicate(&self) -> io::Result<OwnedFd> {
        self.borrow().try_clone_to_owned()
    }

    /// The same, while it is open.
    pub(crate) fn borrow(&self) -> BorrowedFd<'_> {
        // SAFETY: open in this process, as the session is not dropped before all is measured.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }

    /// Closes what is behind the number, and leaves a harmless file in its place: the session
    /// will close the number once more.
    pub(crate) fn replace(&self, by: &fs::File) -> io::Result<()> {
        use std::os::fd::AsRawFd;
        // SAFETY: both are open; dup3 closes the old file and takes its number in one step.
        let done = unsafe { libc::dup3(by.as_raw_fd(), self.fd, libc::O_CLOEXEC) };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

/// All of one kind: `bpf-prog`, `bpf-map`, `bpf_link`, `[perf_event]`.
pub(crate) fn of_kind(kind: &str) -> Result<Vec<Own>> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let entry = entry?;
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        if target.to_string_lossy().trim_start_matches("anon_inode:") != kind {
            continue;
        }
        let name = entry.file_name();
        let number = name.to_string_lossy();
        let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}"))
            .with_context(|| format!("descriptor {number}"))?;
        found.push(Own { fd: number.parse()?, info });
    }
    found.sort_by_key(|own| own.fd);
    Ok(found)
}
