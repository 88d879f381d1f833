//! What recordings cost: bytes, the time to write, to read and to look into them, memory.
//!
//! Everything is measured on real storms, recorded by `tracer record`. Where millions of events are
//! needed, the whole lives of such a storm are repeated, through the same tables and the same recorder.

pub(super) mod file;
mod memory;
mod peer;
mod rate;
mod seek;
pub(super) mod share;

use anyhow::{Context, Result};

use super::{
    Bench,
    report::{Report, Target},
    talk::{Samples, Talk},
};
use crate::run;
use file::File;

/// Bytes that an event may take, without and with texts.
const PLAIN: Target = Target::AtMost(8.0);
const WITH_TEXT: Target = Target::AtMost(20.0);

pub(super) fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let base = sizes(bench, report)?;
    let grown = base.grown(bench, bench.rounds(10_000_000, 2_000_000))?;
    report.aim(&format!("{}: size", grown.what), "B/event", &[grown.each()], PLAIN);
    rate::measure(bench, report, &grown)?;
    memory::measure(bench, report, &base, &grown)?;
    drop(grown);
    seek::measure(bench, report, &base)?;
    share::measure(bench, report, &base)?;
    peer::measure(bench, report)
}

/// Bytes an event of real storms; one of them.
fn sizes(bench: &Bench, report: &mut Report) -> Result<File> {
    let (mut plain, mut texts, mut last) = (Vec::new(), Vec::new(), None);
    let (lives, execs) = (bench.rounds(50_000, 20_000), bench.rounds(5000, 1000));
    for _ in 0..bench.rounds(5, 2) {
        let text = File::record(bench, "exec", execs)?;
        texts.push(text.each());
        let storm = File::record(bench, "mix", lives)?;
        plain.push(storm.each());
        last = Some((storm, text));
    }
    let what = format!("{lives} vforks, forks and threads, recorded: size");
    report.aim(&what, "B/event", &plain, PLAIN);
    let what = format!("{execs} execs with 8 arguments, recorded: size");
    report.aim(&what, "B/event", &texts, WITH_TEXT);
    let (storm, text) = last.context("no rounds")?;
    rate::of_texts(bench, report, &text)?;
    Ok(storm)
}

/// What a program that runs in silence takes: `wall` and `cpu` in ns, `peak` in bytes.
fn cost(bench: &Bench, program: &std::path::Path, arguments: &[&str]) -> Result<Samples> {
    let mut command = std::process::Command::new(&bench.storm);
    command.arg("cost").arg(program).args(arguments);
    let what = run::shown(&command);
    Talk::start(&mut command)?.samples().context(what)
}
