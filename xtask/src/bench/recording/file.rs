//! Recordings: of a storm, or grown from one.

use std::{
    cell::Cell,
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
pub(super) struct File {
    /// What it is, for the report.
    pub(super) what: String,
    pub(super) path: PathBuf,
    pub(super) events: f64,
    pub(super) bytes: f64,
    /// How long it lasts.
    pub(super) seconds: f64,
    /// Operations of its storm.
    pub(super) operations: u32,
}

impl File {
    /// Records a storm.
    pub(super) fn record(bench: &Bench, operation: &str, operations: u32) -> Result<Self> {
        let path = fresh(bench);
        let (mut running, _complaints) = start(bench, &path)?;
        bench.storm(operation, operations)?;
        sleep(DRAIN);
        ensure!(running.interrupt()?.success(), "tracer record failed");
        Self::of(bench, format!("{operations} × {operation}"), path, operations)
    }

    /// So many events, at least, from the same storm.
    pub(super) fn grown(&self, bench: &Bench, events: u32) -> Result<Self> {
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
    pub(super) fn each(&self) -> f64 {
        self.bytes / self.events
    }

    /// What gauge measures of it.
    pub(super) fn gauge(&self, bench: &Bench, verb: &str, more: &[&str]) -> Result<Samples> {
        gauge(bench, verb, &self.path, more)
    }

    /// Its path as an argument.
    pub(super) fn path(&self) -> &str {
        self.path.to_str().unwrap_or_default()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// A path that no file has.
pub(super) fn fresh(bench: &Bench) -> PathBuf {
    let number = NEXT.replace(NEXT.get() + 1);
    let path = bench.scratch.join(format!("{number}.tracer"));
    let _ = fs::remove_file(&path);
    path
}

/// Starts `tracer record`, and waits until it has found what runs already.
pub(super) fn start(bench: &Bench, path: &PathBuf) -> Result<(Running, BufReader<ChildStderr>)> {
    let mut command = bench.on(READER, &bench.tracer);
    command.args(["record", "-o"]).arg(path);
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
