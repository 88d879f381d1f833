//! Cgroups: where they are mounted, and one of our own that is removed again.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::sys;

/// The mount point of a cgroup file system; of version 1 with the given controller.
pub(crate) fn mounted(kind: &str, controller: Option<&str>) -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let mut right = right.split(' ');
        let same_kind = right.next() == Some(kind);
        let options = right.nth(1).unwrap_or_default();
        let has = |name| options.split(',').any(|option| option == name);
        let fits = same_kind && controller.is_none_or(has);
        fits.then(|| left.split(' ').nth(4).map(PathBuf::from)).flatten()
    })
}

/// A cgroup with the `pids` controller, empty at birth and removed at the end.
#[derive(Debug)]
pub(crate) struct PidsCgroup {
    /// Its folder.
    folder: PathBuf,
    /// The process that made it: forked children have a copy of this value.
    owner: u32,
}

impl PidsCgroup {
    /// Makes one, or says why it cannot be.
    pub(crate) fn new() -> Result<std::result::Result<Self, &'static str>> {
        Self::named(&format!("tracer-tests-{}", std::process::id()))
    }

    /// Makes one with this name.
    pub(crate) fn named(name: &str) -> Result<std::result::Result<Self, &'static str>> {
        let unified = mounted("cgroup2", None).filter(|root| {
            let enabled = fs::read_to_string(root.join("cgroup.subtree_control"));
            enabled.is_ok_and(|list| list.split_whitespace().any(|name| name == "pids"))
        });
        let Some(root) = unified.or_else(|| mounted("cgroup", Some("pids"))) else {
            return Ok(Err("no cgroup hierarchy with the pids controller"));
        };
        let folder = root.join(name);
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Ok(Self { folder, owner: std::process::id() }))
    }

    /// At most so many tasks.
    pub(crate) fn limit(&self, tasks: u32) -> Result<()> {
        write(&self.folder.join("pids.max"), &tasks.to_string())
    }

    /// Moves the caller into it.
    pub(crate) fn enter(&self) -> Result<()> {
        write(&self.folder.join("cgroup.procs"), "0")
    }
}

impl Drop for PidsCgroup {
    fn drop(&mut self) {
        if self.owner != std::process::id() {
            return;
        }
        // After a failure somebody may still be inside.
        let inside = fs::read_to_string(self.folder.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines().filter_map(|line| line.parse().ok()) {
            sys::kill(pid, libc::SIGKILL).ok();
        }
        for _ in 0..10_000 {
            if fs::remove_dir(&self.folder).is_ok() {
                break;
            }
            sys::yield_now();
        }
    }
}

/// Writes a control file.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {text:?} to {}", path.display()))
}
