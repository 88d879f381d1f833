//! What a load pays for being traced, by paired blocks.
//!
//! One process does the same operation in blocks; between two blocks the tracer is switched on or
//! off. A figure is an `on` block minus the mean of its two neighbours. Two runs of the load, one
//! with and one without a tracer, would differ by a quarter for other reasons.

use anyhow::{Context, Result};

use super::{
    Bench, LOAD, READER, number, peers,
    report::{Report, Target},
    stats,
    talk::Talk,
};

/// Something that traces, and can be switched.
pub(super) trait Switch {
    /// Starts to trace: all is seen once it returns.
    fn on(&mut self, bench: &Bench) -> Result<()>;
    /// Ceases to trace. `operations` were done meanwhile, each with a task that ended.
    fn off(&mut self, bench: &Bench, operations: u32) -> Result<()>;
    /// How many `on` blocks, if not as many as for others: where a switch takes a second.
    fn rounds(&self) -> Option<u32> {
        None
    }
}

/// One load.
struct Storm {
    operation: &'static str,
    what: &'static str,
    /// Operations of a block: some 20 ms.
    block: u32,
    /// Most µs that it should pay, if that was promised.
    limit: Option<f64>,
}

const STORMS: [Storm; 4] = [
    Storm { operation: "vfork", what: "vfork, exit, wait", block: 1000, limit: Some(1.5) },
    Storm { operation: "fork", what: "fork, exit, wait", block: 200, limit: None },
    Storm { operation: "thread", what: "thread create, join", block: 1000, limit: Some(1.5) },
    Storm { operation: "getppid", what: "getppid", block: 200_000, limit: None },
];

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    for group in ["tracer", "empty"] {
        let mut gauge = Gauge::start(bench, group)?;
        let name = if group == "tracer" { "tracer" } else { "empty programs" };
        for storm in &STORMS {
            let blocks = blocks(bench, storm, &mut gauge)?;
            let limit = storm.limit.filter(|_| group == "tracer");
            if group == "tracer" {
                report.add(&format!("{}: untraced", storm.what), "µs", &stats::off(&blocks));
            }
            row(report, storm, name, &blocks, limit);
        }
    }
    for peer in peers::ALL {
        match (peer.find)(bench) {
            Err(why) => report.note(&format!("{}: SKIPPED: {why:#}", peer.name)),
            Ok(mut switch) => {
                for storm in STORMS.iter().filter(|storm| storm.operation != "getppid") {
                    let blocks =
                        blocks(bench, storm, switch.as_mut()).with_context(|| peer.name.to_owned());
                    match blocks {
                        Ok(blocks) => row(report, storm, peer.name, &blocks, None),
                        Err(why) => {
                            report.note(&format!("{}: SKIPPED: {why:#}", storm.what));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

fn row(report: &mut Report, storm: &Storm, name: &str, blocks: &[f64], limit: Option<f64>) {
    let what = format!("{}: + by {name}", storm.what);
    let added = stats::paired(blocks);
    match limit {
        Some(limit) => report.aim(&what, "µs", &added, Target::AtMost(limit)),
        None => report.add(&what, "µs", &added),
    }
}

/// µs per operation of blocks in turn: off, on, off, …, off.
fn blocks(bench: &Bench, storm: &Storm, switch: &mut dyn Switch) -> Result<Vec<f64>> {
    let count = storm.block.to_string();
    let mut load =
        Talk::start(bench.on(LOAD, &bench.storm).args([storm.operation, &count, "--blocks"]))?;
    let mut block = || -> Result<f64> {
        // The first operations after a switch pay for cold caches: not what is asked for here.
        load.ask("warm")?;
        Ok(number(&load.ask("go")?)? / f64::from(storm.block) / 1000.0)
    };
    let rounds = bench.rounds(switch.rounds().unwrap_or(75), 7);
    let mut blocks = vec![block()?];
    for _ in 0..rounds {
        switch.on(bench)?;
        let on = block();
        // Off again even if the load has failed.
        switch.off(bench, 2 * storm.block)?;
        blocks.push(on?);
        blocks.push(block()?);
    }
    Ok(blocks)
}

/// The library itself, in a process that keeps its programs loaded: only the links come and go.
struct Gauge {
    talk: Talk,
    group: &'static str,
}

impl Gauge {
    fn start(bench: &Bench, group: &'static str) -> Result<Self> {
        let mut talk = Talk::start(bench.on(READER, &bench.gauge).arg("switch"))?;
        talk.expect("ready")?;
        Ok(Self { talk, group })
    }
}

impl Switch for Gauge {
    fn on(&mut self, _: &Bench) -> Result<()> {
        self.talk.order(&format!("{} on", self.group))
    }

    fn off(&mut self, _: &Bench, _: u32) -> Result<()> {
        self.talk.order(&format!("{} off", self.group))
    }
}
