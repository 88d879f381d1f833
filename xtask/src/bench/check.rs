//! What judging by all rules costs: an event in replay, and live at a steady rate.

use anyhow::Result;

use super::{
    Bench,
    recording::{
        file::{self, File},
        share,
    },
    report::{Report, Target},
};

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let lives = bench.rounds(50_000, 20_000);
    let storm = File::record(bench, "mix", lives)?;
    let rounds = bench.rounds(11, 5).to_string();
    let found = storm.gauge(bench, "rules", &[&rounds])?;
    let of = |what: &str| format!("{}: {what}", storm.what);
    report.add(&of("replayed into the tables alone"), "ns/event", &found.named("alone"));
    let limit = Target::AtMost(150.0);
    report.aim(&of("all rules, beside that"), "ns/event", &found.named("rules"), limit);
    let limit = Target::AtLeast(6.0);
    report.aim(&of("decoded, applied, judged"), "M events/s", &found.named("checked"), limit);
    report.add(&of("tests of rules"), "tests/event", &found.named("tests"));

    // It ends with 0 only if every rule holds and nothing was lost.
    let (running, _complaints) = file::tracing(bench, &["check".as_ref()])?;
    let share = share::steady(bench, report, &storm, running)?;
    let limit = Target::AtMost(15.0);
    report.aim("`tracer check` at that rate, all threads, of one core", "%", &share.busy, limit);
    report.add("`tracer check` of an idle host, of one core", "%", &share.idle);
    report.add("what the rate adds to it", "%", &share.added());
    Ok(())
}
