//! Children that are ended by a signal, and what `/proc` says of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
};

use anyhow::{Context, Result};

use super::number;
use crate::run;

/// A child that must not outlive us, whatever happens.
pub(super) struct Running(pub(super) Child);

impl Running {
    /// Ends it as Ctrl-C does, and waits.
    pub(super) fn interrupt(&mut self) -> Result<ExitStatus> {
        // The shell's own kill: Rust's standard library can only send SIGKILL.
        let pid = self.0.id().to_string();
        run::run(Command::new("sh").args(["-c", "kill -INT \"$0\"", &pid]))?;
        Ok(self.0.wait()?)
    }

    /// A line of its `/proc/PID/status`, as a number.
    pub(super) fn status(&self, name: &str) -> Result<f64> {
        self.field("status", name)
    }

    /// Its memory with every page counted once, KiB.
    pub(super) fn proportional(&self) -> Result<f64> {
        self.field("smaps_rollup", "Pss")
    }

    fn field(&self, file: &str, name: &str) -> Result<f64> {
        let path = format!("/proc/{}/{file}", self.0.id());
        let text = fs::read_to_string(&path).with_context(|| path.clone())?;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let value = line.and_then(|line| line.split_whitespace().next());
        number(value.with_context(|| format!("no {name} in {path}"))?)
    }

    /// CPU time of its first thread so far, ns, in user mode and in the kernel.
    pub(super) fn cpu(&self) -> Result<f64> {
        cpu(&PathBuf::from(format!("/proc/{}", self.0.id())))
    }

    /// The same of all its threads.
    pub(super) fn cpu_of_threads(&self) -> Result<f64> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.0.id()))?;
        threads.map(|thread| cpu(&thread?.path())).sum()
    }
}

/// What the scheduler counts for a task.
fn cpu(task: &Path) -> Result<f64> {
    let path = task.join("schedstat");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    number(text.split(' ').next().unwrap_or_default())
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
