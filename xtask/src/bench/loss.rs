//! What is lost at full speed, with the default ring, while `tracer live` writes to a file.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    thread::{available_parallelism, sleep},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{
    Bench,
    children::Running,
    report::{Report, Target},
};
use crate::run;

/// Tasks that are made.
const TASKS: usize = 200_000;
/// The name of the load's tasks.
const COMM: &str = "bench-storm";
/// Time for the last events to come: the freeing of a task comes late.
const DRAIN: Duration = Duration::from_millis(300);

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let cpus = available_parallelism().map_or(1, usize::from);
    for loops in [1, cpus] {
        let what = match loops {
            1 => "one vfork loop".to_owned(),
            loops => format!("{loops} vfork loops"),
        };
        let seen = run(bench, loops)?;
        report.add(&format!("{what}: rate"), "tasks/s", &[seen.rate]);
        // Each task that was made was born and has ended; the loops themselves have only ended.
        let missing = (2 * TASKS + loops).saturating_sub(seen.births + seen.deaths);
        report.aim(
            &format!("{what}: births and deaths missing, of {}", 2 * TASKS + loops),
            "events",
            &[float(missing)],
            Target::AtMost(0.0),
        );
        report.aim(&format!("{what}: reported lost"), "records", &[seen.lost], Target::AtMost(0.0));
        let cpu = format!("{what}: `tracer live > file`, CPU");
        report.aim(&cpu, "µs/event", &[seen.cpu / 1000.0 / seen.events], Target::AtMost(2.0));
        let switches = format!("{what}: reader's context switches per event");
        report.add(&switches, "", &[seen.switches / seen.events]);
    }
    Ok(())
}

/// What came of one run.
struct Seen {
    rate: f64,
    births: usize,
    deaths: usize,
    lost: f64,
    events: f64,
    cpu: f64,
    switches: f64,
}

fn run(bench: &Bench, loops: usize) -> Result<Seen> {
    let path = bench.scratch.join("live.txt");
    let (mut live, mut complaints) = start(bench, File::create(&path)?)?;
    let (cpu, switches) = (live.cpu()?, context_switches(&live)?);
    let begun = Instant::now();
    storms(bench, loops)?;
    let rate = float(TASKS) / begun.elapsed().as_secs_f64();
    sleep(DRAIN);
    let cpu = live.cpu()? - cpu;
    let switches = context_switches(&live)? - switches;
    live.interrupt()?;

    let mut summary = String::new();
    std::io::Read::read_to_string(&mut complaints, &mut summary)?;
    let (mut births, mut deaths, mut lost) = (0, 0, 0.0);
    for line in BufReader::new(File::open(&path)?).lines() {
        let line = line?;
        match line.split_whitespace().collect::<Vec<_>>()[..] {
            [_, "fork", _, COMM, ..] => births += 1,
            [_, "exit", _, COMM, ..] => deaths += 1,
            [_, "lost", "LOST", count, ..] => lost += super::number(&count.replace(',', ""))?,
            _ => {}
        }
    }
    fs::remove_file(&path)?;
    let events = summary.lines().find_map(|line| line.split_once(" events, ")?.0.parse().ok());
    let events: f64 = events.with_context(|| format!("no summary in:\n{summary}"))?;
    Ok(Seen { rate, births, deaths, lost, events, cpu, switches })
}

/// Starts `tracer live`, and waits until it has found what runs already.
pub(super) fn start(
    bench: &Bench,
    output: File,
) -> Result<(Running, BufReader<std::process::ChildStderr>)> {
    let mut command = Command::new(&bench.tracer);
    command.arg("live").stdin(Stdio::null()).stdout(output).stderr(Stdio::piped());
    let mut live = Running(command.spawn().context("cannot start tracer")?);
    let mut complaints = BufReader::new(live.0.stderr.take().context("no pipe from tracer")?);
    found(&mut complaints)?;
    Ok((live, complaints))
}

/// Reads until the first sweep has ended.
pub(super) fn found(complaints: &mut impl BufRead) -> Result<()> {
    let mut all = String::new();
    while complaints.read_line(&mut all)? > 0 {
        if all.lines().last().is_some_and(|line| line.contains(" found in ")) {
            return Ok(());
        }
    }
    bail!("tracer did not start: {}", all.trim())
}

/// Every loop at once, to their end.
fn storms(bench: &Bench, loops: usize) -> Result<()> {
    let count = (TASKS / loops).to_string();
    let mut storm = Command::new(&bench.storm);
    storm.args(["vfork", &count]).stdout(Stdio::null());
    let running: Vec<Child> = (0..loops).map(|_| storm.spawn()).collect::<Result<_, _>>()?;
    for mut child in running {
        let status = child.wait()?;
        if !status.success() {
            bail!("`{}` failed ({status})", run::shown(&storm));
        }
    }
    Ok(())
}

fn context_switches(live: &Running) -> Result<f64> {
    Ok(live.status("voluntary_ctxt_switches")? + live.status("nonvoluntary_ctxt_switches")?)
}

#[expect(clippy::cast_precision_loss, reason = "counts below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}
