//! How long a user waits for the first line, and what stays in memory.

use std::{
    fs::File,
    io::{BufReader, Read},
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    Bench, loss,
    report::{Report, Target},
    snapshot,
};
use crate::run;

/// Start-up times.
pub(super) fn time(bench: &Bench, report: &mut Report) -> Result<()> {
    let (mut ps, mut sweep, mut live) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds(11, 5) {
        let begun = Instant::now();
        run::output(Command::new(&bench.tracer).arg("ps"))?;
        ps.push(millis(begun));

        let begun = Instant::now();
        let mut command = Command::new(&bench.tracer);
        command.args(["live", "--", "true"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let mut complaints = BufReader::new(child.stderr.take().context("no pipe from tracer")?);
        loss::found(&mut complaints)?;
        sweep.push(millis(begun));
        complaints.read_to_end(&mut Vec::new())?;
        child.wait()?;
        live.push(millis(begun));
    }
    let limit = Target::AtMost(300.0);
    report.aim("`tracer ps`, all of it", "ms", &ps, limit);
    report.aim("`tracer live -- true`, to the first sweep's end", "ms", &sweep, limit);
    report.add("`tracer live -- true`, all of it", "ms", &live);
    Ok(())
}

fn millis(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Resident memory with thousands of tasks.
pub(super) fn memory(bench: &Bench, report: &mut Report) -> Result<()> {
    let _children = snapshot::sleepers(bench, snapshot::TASKS)?;
    let (mut resident, mut anonymous, mut peak) = (Vec::new(), Vec::new(), Vec::new());
    let mut shared = Vec::new();
    for _ in 0..bench.rounds(5, 3) {
        let (mut live, _complaints) = loss::start(bench, File::create("/dev/null")?)?;
        sleep(Duration::from_millis(200));
        let megabytes = |name: &str| Ok::<_, anyhow::Error>(live.status(name)? * 1024.0 / 1e6);
        resident.push(megabytes("VmRSS")?);
        shared.push(live.proportional()? * 1024.0 / 1e6);
        anonymous.push(megabytes("RssAnon")?);
        peak.push(megabytes("VmHWM")?);
        live.interrupt()?;
    }
    let what = |what: &str| format!("`tracer live` with {} tasks: {what}", snapshot::TASKS);
    report.aim(&what("resident (VmRSS)"), "MB", &resident, Target::AtMost(40.0));
    // The ring's pages are mapped twice in a row, so that no record is cut, and VmRSS counts both.
    report.add(&what("each page once (Pss)"), "MB", &shared);
    report.add(&what("its own (RssAnon)"), "MB", &anonymous);
    report.add(&what("peak (VmHWM)"), "MB", &peak);
    Ok(())
}
