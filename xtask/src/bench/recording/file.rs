//! Recordings: of a storm, or grown from one.

use std::{
    cell::Cell,
    ffi::OsStr,
    fs,
    io::BufReader,
    path::PathBuf,
    process::{ChildStderr, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::super::{
    Bench, READER,
    children::Running,
    loss,
    talk::{Samples, Talk},
};

/// Time for the last events to come: the freeing of a task comes late.
const DRAIN: Duration = Duration::from_millis(300);

thread_local! {
    /// Numbers the files.
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A recording, which is removed in the end.
pub(in crate::bench) struct File {
    /// What it is, for the report.
    pub(in crate::bench) what: String,
    pub(in crate::bench) path: PathBuf,
    pub(in crate::bench) events: f64,
    pub(in crate::bench) bytes: f64,
    /// How long it lasts.
    pub(in crate::bench) seconds: f64,
    /// Operations of its storm.
    pub(in crate::bench) operations: u32,
}

impl File {
    /// Records a storm.
    pub(in crate::bench) fn record(
        bench: &Bench,
        operation: &str,
        operations: u32,
    ) -> Result<Self> {
        let path = fresh(bench);
        let (mut running, _complaints) = start(bench, &path)?;
        bench.storm(operation, operations)?;
        sleep(DRAIN);
        ensure!(running.interrupt()?.success(), "tracer record failed");
        Self::of(bench, format!("{operations} × {operation}"), path, operations)
    }

    /// So many events, at least, from the same storm.
    pub(in crate::bench) fn grown(&self, bench: &Bench, events: u32) -> Result<Self> {
        let path = fresh(bench);
        let mut gauge = Command::new(&bench.gauge);
        gauge.arg("grow").arg(&self.path).arg(&path).arg(events.to_string());
        Talk::start(&mut gauge)?.samples()?;
        let what = format!("{} M events", f64::from(events) / 1e6);
        Self::of(bench, what, path, self.operations)
    }

    fn of(bench: &Bench, what: String, path: PathBuf, operations: u32) -> Result<Self> {
        let content = gauge(bench, "content", &path, &[])?;
        let one = |name| content.named(name).first().copied().context("no answer from gauge");
        let lost = one("lost")?;
        ensure!(lost == 0.0, "{lost} records were lost: the machine is too busy to measure");
        let (events, bytes, seconds) = (one("events")?, one("bytes")?, one("seconds")?);
        Ok(Self { what, path, events, bytes, seconds, operations })
    }

    /// Bytes an event.
    pub(in crate::bench) fn each(&self) -> f64 {
        self.bytes / self.events
    }

    /// What gauge measures of it.
    pub(in crate::bench) fn gauge(
        &self,
        bench: &Bench,
        verb: &str,
        more: &[&str],
    ) -> Result<Samples> {
        gauge(bench, verb, &self.path, more)
    }

    /// Its path as an argument.
    pub(in crate::bench) fn path(&self) -> &str {
        self.path.to_str().unwrap_or_default()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A path that no file has.
pub(in crate::bench) fn fresh(bench: &Bench) -> PathBuf {
    let number = NEXT.replace(NEXT.get() + 1);
    let path = bench.scratch.join(format!("{number}.tracer"));
    let _ = fs::remove_file(&path);
    path
}

/// Starts `tracer record`, and waits until it has found what runs already.
pub(in crate::bench) fn start(
    bench: &Bench,
    path: &PathBuf,
) -> Result<(Running, BufReader<ChildStderr>)> {
    tracing(bench, &["record".as_ref(), "-o".as_ref(), path.as_ref()])
}

/// Starts the tracer with these words, and waits until it has found what runs already.
pub(in crate::bench) fn tracing(
    bench: &Bench,
    words: &[&OsStr],
) -> Result<(Running, BufReader<ChildStderr>)> {
    let mut command = bench.on(READER, &bench.tracer);
    command.args(words);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().context("cannot start tracer")?);
    let stderr = running.0.stderr.take().context("no pipe from tracer")?;
    let mut complaints = BufReader::new(stderr);
    loss::found(&mut complaints)?;
    Ok((running, complaints))
}

fn gauge(bench: &Bench, verb: &str, path: &PathBuf, more: &[&str]) -> Result<Samples> {
    let mut gauge = Command::new(&bench.gauge);
    gauge.arg(verb).arg(path).args(more);
    Talk::start(&mut gauge)?.samples()
}
