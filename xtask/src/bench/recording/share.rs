//! What recording takes of a core, at a rate that a busy host has.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    super::{
        Bench, LOAD,
        children::Running,
        number,
        report::{Report, Target},
    },
    File, file,
};
use crate::run;

/// Events a second.
const RATE: f64 = 50_000.0;

pub(super) fn measure(bench: &Bench, report: &mut Report, base: &File) -> Result<()> {
    let path = file::fresh(bench);
    let (running, _complaints) = file::start(bench, &path)?;
    let share = steady(bench, report, base, running)?;
    let _ = std::fs::remove_file(&path);
    let limit = Target::AtMost(5.0);
    report.aim("`tracer record` at that rate, all threads, of one core", "%", &share.busy, limit);
    report.add("`tracer record` of an idle host, of one core", "%", &share.idle);
    report.add("what the rate adds to it", "%", &share.added());
    Ok(())
}

/// What a process takes of a core, %.
pub(in crate::bench) struct Share {
    pub(in crate::bench) idle: Vec<f64>,
    pub(in crate::bench) busy: Vec<f64>,
}

impl Share {
    /// What the load adds.
    pub(in crate::bench) fn added(&self) -> Vec<f64> {
        self.busy.iter().zip(&self.idle).map(|(busy, idle)| busy - idle).collect()
    }
}

/// What a process that traces takes of a core, in turns while the host is idle and at the rate; it
/// is interrupted then, and must end well.
pub(in crate::bench) fn steady(
    bench: &Bench,
    report: &mut Report,
    base: &File,
    mut running: Running,
) -> Result<Share> {
    let length = Duration::from_secs(bench.rounds(10, 2).into());
    // As events an operation of the storm has; the last ones are others', which are few.
    let rate = RATE / (base.events / f64::from(base.operations));
    let count = (rate * length.as_secs_f64()).round().to_string();
    let rate = rate.round().to_string();
    let (mut idle, mut busy, mut operations) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds(7, 3) {
        let (cpu, begun) = (running.cpu_of_threads()?, Instant::now());
        sleep(length);
        idle.push(percent(running.cpu_of_threads()? - cpu, begun));

        let (cpu, begun) = (running.cpu_of_threads()?, Instant::now());
        let mut storm = bench.on(LOAD, &bench.storm);
        let ns = run::output(storm.args(["vfork", &count, "--rate", &rate]))?;
        busy.push(percent(running.cpu_of_threads()? - cpu, begun));
        operations.push(number(&count)? * 1e9 / number(ns.trim())?);
    }
    let status = running.interrupt()?;
    ensure!(status.success(), "the tracer failed: {status}");
    let events = base.events / f64::from(base.operations);
    let rates: Vec<f64> = operations.iter().map(|operations| operations * events).collect();
    report.add("the storm's steady rate", "events/s", &rates);
    Ok(Share { idle, busy })
}

/// CPU time, ns, as a part of the time since.
fn percent(cpu: f64, begun: Instant) -> f64 {
    cpu / begun.elapsed().as_secs_f64() / 1e7
}
