//! The iterator beside `/proc`, with thousands of tasks.

use anyhow::Result;

use super::{
    Bench, READER,
    report::{Report, Target},
    talk::Talk,
};

/// Tasks that sleep beside those that are there.
pub(super) const TASKS: &str = "3000";

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let _children = sleepers(bench, TASKS)?;
    let rounds = bench.rounds(31, 7).to_string();
    let sweep = |more: &[&str]| {
        let mut gauge = bench.on(READER, &bench.gauge);
        Talk::start(gauge.args(["sweep", &rounds]).args(more))?.samples()
    };
    let samples = sweep(&[])?;
    report.add("tasks", "tasks", &samples.named("tasks"));
    report.add("the program alone", "ns/task", &sweep(&["--stats"])?.named("program"));
    let iterator = samples.named("iterator");
    report.aim("the iterator, all of it", "ns/task", &iterator, Target::AtMost(1000.0));
    report.add(
        "`/proc/*/status`, read by one that wants nothing else",
        "ns/process",
        &samples.named("proc"),
    );
    let facts = "`/proc`, for the same facts (status, stat, cgroup, ns/*)";
    report.add(facts, "ns/process", &samples.named("facts"));
    report.aim(
        "times faster than `/proc/*/status`",
        "×",
        &samples.named("ratio"),
        Target::AtLeast(20.0),
    );
    let whole = "a sweep into the tables, with the search for hidden tasks";
    report.add(whole, "ns/task", &samples.named("whole"));
    Ok(())
}

/// Sleeping tasks, until the answer is dropped.
pub(super) fn sleepers(bench: &Bench, count: &str) -> Result<Talk> {
    let mut children = Talk::start(bench.on(super::LOAD, &bench.storm).args(["children", count]))?;
    children.expect("ready")?;
    Ok(children)
}
