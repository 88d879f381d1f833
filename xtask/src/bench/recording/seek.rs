//! Looking into a long recording: the tables at a random time.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    super::{
        Bench,
        report::{Report, Target},
        stats::quantile,
    },
    File, cost,
};
use crate::run;

const LIMIT: Target = Target::AtMost(100.0);

pub(super) fn measure(bench: &Bench, report: &mut Report, base: &File) -> Result<()> {
    let file = base.grown(bench, bench.rounds(100_000_000, 5_000_000))?;
    let of = |what: &str| format!("{}: {what}", file.what);
    report.add(&of("size"), "MB", &[file.bytes / 1e6]);
    // That it is legal: every keyframe's tables are those that its events make.
    let took = cost(bench, &bench.tracer, &["verify", file.path()])?.named("wall");
    let seconds: Vec<f64> = took.iter().map(|ns| ns / 1e9).collect();
    report.add(&of("`tracer verify`"), "s", &seconds);

    let count = bench.rounds(300, 100).to_string();
    let mut seeks = file.gauge(bench, "seek", &[&count])?.named("seek");
    report.aim(&of("opened, tables at a random time: p50"), "ms", &seeks, LIMIT);
    seeks.sort_by(f64::total_cmp);
    let p99 = quantile(&seeks, 0.99).context("nothing was measured")?;
    report.aim(&of(&format!("p99 of {count}")), "ms", &[p99], LIMIT);

    let mut whole = Vec::new();
    let runs = bench.rounds(21, 7);
    for run in 1..=runs {
        let part = f64::from(run) / f64::from(runs + 1);
        let at = format!("+{:.6}s", file.seconds * part);
        let begun = Instant::now();
        run::output(Command::new(&bench.tracer).args(["ps", file.path(), "--at", &at]))?;
        whole.push(millis(begun.elapsed()));
    }
    report.aim(&of("`tracer ps --at`, all of the process"), "ms", &whole, LIMIT);
    let slowest = whole.iter().copied().fold(0.0, f64::max);
    report.aim(&of(&format!("slowest of {runs}")), "ms", &[slowest], LIMIT);
    report.note("recordings are in the page cache: a cold disk comes on top");
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
