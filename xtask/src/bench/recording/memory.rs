//! Memory while replaying: by the tasks that live, not by the length of the file.

use anyhow::{Context, Result};

use super::{
    super::{
        Bench,
        report::{Report, Target},
        snapshot,
    },
    File, cost,
};

/// Tasks that sleep while a storm is recorded: enough to stand out from a process's own pages.
const SLEEPERS: u32 = 10_000;

pub(super) fn measure(bench: &Bench, report: &mut Report, base: &File, long: &File) -> Result<()> {
    let events = bench.rounds(1_000_000, 500_000);
    let short = base.grown(bench, events)?;
    let rounds = bench.rounds(5, 3);
    let (mut ratios, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (short, long) = (peak(bench, &short)?, peak(bench, long)?);
        peaks.push(long.bytes / 1e6);
        ratios.push(long.bytes / short.bytes);
    }
    let what = |what: &str| format!("{}: {what}", long.what);
    report.add(&what("replayed in one thread, peak (VmHWM)"), "MB", &peaks);
    let times = what(&format!("times the peak of {}", short.what));
    report.aim(&times, "×", &ratios, Target::AtMost(1.1));
    for file in [&short, long] {
        let peaks = (0..rounds)
            .map(|_| cost(bench, &bench.tracer, &["replay", file.path()]))
            .map(|cost| cost.map(|cost| cost.named("peak")))
            .collect::<Result<Vec<_>>>()?;
        let peaks: Vec<f64> = peaks.concat().iter().map(|bytes| bytes / 1e6).collect();
        report.add(&format!("{}: `tracer replay`, peak", file.what), "MB", &peaks);
    }

    let sleepers = snapshot::sleepers(bench, &SLEEPERS.to_string())?;
    let full = File::record(bench, "mix", base.operations)?;
    drop(sleepers);
    let full = full.grown(bench, events)?;
    let mut each = Vec::new();
    for _ in 0..rounds {
        let (few, many) = (peak(bench, &short)?, peak(bench, &full)?);
        each.push((many.bytes - few.bytes) / (many.live - few.live));
    }
    let what = format!("replayed, peak with {SLEEPERS} more live tasks, per task");
    report.aim(&what, "B", &each, Target::AtMost(150.0));
    Ok(())
}

/// What a replay needed.
struct Peak {
    bytes: f64,
    live: f64,
}

fn peak(bench: &Bench, file: &File) -> Result<Peak> {
    let found = file.gauge(bench, "peak", &[])?;
    let one = |name| found.named(name).first().copied().context("no answer from gauge");
    Ok(Peak { bytes: one("peak")?, live: one("live")? })
}
