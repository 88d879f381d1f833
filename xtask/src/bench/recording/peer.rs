//! perf beside us: what it keeps of the same storm, and how fast it makes text of it.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result, ensure};

use super::{
    super::{Bench, READER, children::Running, peers, report::Report},
    File, cost,
};

/// How long its start may take; that it was enough is seen from what it has recorded.
const START: Duration = Duration::from_millis(1500);
/// What it has yet to read.
const DRAIN: Duration = Duration::from_millis(300);

/// One way to record tasks with perf.
struct Way {
    name: &'static str,
    record: &'static [&'static str],
    script: &'static [&'static str],
}

const WAYS: [Way; 2] = [
    Way {
        name: "perf, sched:sched_process_{fork,exec,exit,free}",
        record: &[
            "--event",
            "sched:sched_process_fork,sched:sched_process_exec,sched:sched_process_exit,\
             sched:sched_process_free",
        ],
        script: &[],
    },
    Way {
        name: "perf, dummy --namespaces",
        record: &["--event", "dummy", "--namespaces"],
        script: &["--show-task-events", "--show-namespace-events"],
    },
];

/// What came of a recording.
struct Seen {
    /// Of the whole file.
    bytes: f64,
    /// Bytes an event.
    size: f64,
    /// Events made text in a second of CPU time.
    rate: f64,
}

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let perf = match peers::program("perf", "linux-perf") {
        Ok(perf) => perf,
        Err(why) => {
            report.note(&format!("perf: SKIPPED: {why:#}"));
            return Ok(());
        }
    };
    let operations = bench.rounds(20_000, 10_000);
    let mut ours = Vec::new();
    let mut theirs = WAYS.each_ref().map(|_| Vec::new());
    for _ in 0..bench.rounds(5, 1) {
        ours.push(our(bench, operations)?);
        for (way, seen) in WAYS.iter().zip(&mut theirs) {
            match their(bench, &perf, way, operations) {
                Ok(one) => seen.push(one),
                Err(why) => report.note(&format!("{}: SKIPPED: {why:#}", way.name)),
            }
        }
    }
    let rate = |seen: &Seen| seen.rate / 1e6;
    let what = format!("{operations} × mix");
    report.add(
        &format!("{what}: `tracer replay` to text, CPU time"),
        "M events/s",
        &ours.iter().map(rate).collect::<Vec<_>>(),
    );
    for (way, seen) in WAYS.iter().zip(&theirs) {
        let name = way.name;
        let sizes: Vec<f64> = seen.iter().map(|seen| seen.size).collect();
        let rates: Vec<f64> = seen.iter().map(rate).collect();
        report.add(&format!("{what}: {name}: size"), "B/event", &sizes);
        report.add(&format!("{what}: {name}: `perf script`, CPU time"), "M events/s", &rates);
        let pairs = || ours.iter().zip(seen);
        let smaller: Vec<f64> = pairs().map(|(our, their)| their.size / our.size).collect();
        let faster: Vec<f64> = pairs().map(|(our, their)| our.rate / their.rate).collect();
        let larger: Vec<f64> = pairs().map(|(our, their)| their.bytes / our.bytes).collect();
        report.add(&format!("{name}: times our bytes an event"), "×", &smaller);
        report.add(&format!("{name}: times our bytes of the same storm"), "×", &larger);
        report.add(&format!("{name}: our text's events/s over its"), "×", &faster);
    }
    Ok(())
}

fn our(bench: &Bench, operations: u32) -> Result<Seen> {
    let file = File::record(bench, "mix", operations)?;
    let cpu = cpu(bench, &bench.tracer, &["replay", file.path()])?;
    Ok(Seen { bytes: file.bytes, size: file.each(), rate: file.events / cpu })
}

fn their(bench: &Bench, perf: &Path, way: &Way, operations: u32) -> Result<Seen> {
    let data = bench.scratch.join("perf.data");
    let seen = record(bench, perf, way, operations, &data).and_then(|()| {
        let input = data.to_str().context("a path that is no text")?;
        let script: Vec<&str> =
            ["script", "--input", input].into_iter().chain(way.script.iter().copied()).collect();
        let events = lines(perf, &script, &bench.scratch.join("perf.txt"))?;
        // A fork and an exit of each, at least.
        ensure!(events >= 2.0 * f64::from(operations), "only {events} events");
        let cpu = cpu(bench, perf, &script)?;
        let bytes = size(&data)?;
        Ok(Seen { bytes, size: bytes / events, rate: events / cpu })
    });
    let _ = fs::remove_file(&data);
    seen
}

fn record(bench: &Bench, perf: &Path, way: &Way, operations: u32, data: &PathBuf) -> Result<()> {
    let child = bench
        .on(READER, perf)
        .args(["record", "--quiet", "--all-cpus", "--mmap-pages", "4096"])
        .args(way.record)
        .arg("--output")
        .arg(data)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut running = Running(child);
    sleep(START);
    bench.storm("mix", operations)?;
    sleep(DRAIN);
    ensure!(running.0.try_wait()?.is_none(), "perf record does not run here");
    // It ends by the signal that it was sent, once the file is whole.
    running.interrupt()?;
    Ok(())
}

/// Lines that a program prints.
fn lines(program: &Path, arguments: &[&str], file: &PathBuf) -> Result<f64> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    let status = command.stdout(fs::File::create(file)?).status()?;
    ensure!(status.success(), "`perf script` failed ({status})");
    let lines = BufReader::new(fs::File::open(file)?).split(b'\n');
    let lines = lines.map(|line| line.map(|_| 1_u32)).sum::<Result<u32, _>>()?;
    fs::remove_file(file)?;
    Ok(f64::from(lines))
}

/// CPU time of a program, s.
fn cpu(bench: &Bench, program: &Path, arguments: &[&str]) -> Result<f64> {
    let found = cost(bench, program, arguments)?.named("cpu");
    Ok(found.first().context("no answer from storm")? / 1e9)
}

#[expect(clippy::cast_precision_loss, reason = "files below 2^52 bytes")]
fn size(file: &Path) -> Result<f64> {
    Ok(fs::metadata(file)?.len() as f64)
}
