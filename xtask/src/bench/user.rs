//! What user space pays for an event, from records of a storm that are taken again and again.

use anyhow::Result;

use super::{
    Bench, READER,
    report::{Report, Target},
    talk::Talk,
};

/// Tasks of the storm: their records must fit into the ring that nobody reads meanwhile.
const TASKS: u32 = 50_000;

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let rounds = bench.rounds(21, 5).to_string();
    let mut gauge = Talk::start(bench.on(READER, &bench.gauge).args(["replay", &rounds]))?;
    gauge.expect("ready")?;
    bench.storm("vfork", TASKS)?;
    // Tasks are freed some 10 ms later.
    std::thread::sleep(std::time::Duration::from_millis(60));
    gauge.tell("go")?;
    let samples = gauge.samples()?;
    let micros = |name: &str| samples.named(name).iter().map(|ns| ns / 1000.0).collect::<Vec<_>>();
    report.add("records of the storm", "records", &samples.named("records"));
    report.add("decode", "µs/event", &micros("decode"));
    report.aim("decode and apply", "µs/event", &micros("tables"), Target::AtMost(0.2));
    report.aim("decode, apply, text", "µs/event", &micros("text"), Target::AtMost(2.0));
    report.add("decode, apply, JSON", "µs/event", &micros("json"));
    Ok(())
}
