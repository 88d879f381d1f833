//! What recording takes of a core, at a rate that a busy host has.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use super::{
    super::{
        Bench, LOAD, number,
        report::{Report, Target},
    },
    File, file,
};
use crate::run;

/// Events a second.
const RATE: f64 = 50_000.0;

pub(super) fn measure(bench: &Bench, report: &mut Report, base: &File) -> Result<()> {
    let length = Duration::from_secs(bench.rounds(10, 2).into());
    // As events an operation of the storm has; the last ones are others', which are few.
    let rate = RATE / (base.events / f64::from(base.operations));
    let count = (rate * length.as_secs_f64()).round().to_string();
    let rate = rate.round().to_string();

    let path = file::fresh(bench);
    let (mut running, _complaints) = file::start(bench, &path)?;
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
    ensure!(running.interrupt()?.success(), "tracer record failed");
    let _ = std::fs::remove_file(&path);

    let events = base.events / f64::from(base.operations);
    let rates: Vec<f64> = operations.iter().map(|operations| operations * events).collect();
    report.add("recorded at a steady rate", "events/s", &rates);
    let limit = Target::AtMost(5.0);
    report.aim("`tracer record` at that rate, all threads, of one core", "%", &busy, limit);
    report.add("`tracer record` of an idle host, of one core", "%", &idle);
    let added: Vec<f64> = busy.iter().zip(&idle).map(|(busy, idle)| busy - idle).collect();
    report.add("what the rate adds to it", "%", &added);
    Ok(())
}

/// CPU time, ns, as a part of the time since.
fn percent(cpu: f64, begun: Instant) -> f64 {
    cpu / begun.elapsed().as_secs_f64() / 1e7
}
