//! `bench`: what tracing costs, against the targets. Every figure comes from a run of the code as
//! it is, with its spread.

mod check;
mod children;
mod daemon;
mod hooks;
mod loss;
mod peers;
mod recording;
mod report;
mod slowdown;
mod snapshot;
mod start;
mod stats;
mod talk;
mod user;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread::available_parallelism,
};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::{fail::Unmet, guided, place, run, say, setup};
use report::Report;

#[derive(Args)]
pub(crate) struct Options {
    /// Fewer rounds: minutes become one, and the spread grows
    #[arg(long)]
    quick: bool,
    /// Of a build that is guided by a profile, as `cargo xtask dist --guided` makes it
    #[arg(long)]
    guided: bool,
    /// Only these parts, comma-separated
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// ns per hook and per lifecycle, beside empty programs
    Hooks,
    /// What forks and threads pay, and what they pay for other tools
    Slowdown,
    /// Events lost at full speed, and wake-ups per event
    Loss,
    /// User space's CPU time per event
    User,
    /// The iterator beside /proc
    Snapshot,
    /// Start-up time
    Start,
    /// Resident memory
    Memory,
    /// Recordings: size, speed, memory, beside perf
    Recording,
    /// All rules: their cost in replay, and live at a steady rate
    Check,
    /// The daemon: CPU and memory while idle and at 10,000 forks/s, answering times then
    Daemon,
}

/// What every part is given.
struct Bench {
    /// Fewer rounds.
    quick: bool,
    /// The program that is measured.
    tracer: PathBuf,
    /// Makes load.
    storm: PathBuf,
    /// Measures from within.
    gauge: PathBuf,
    /// A folder for files that only this run needs.
    scratch: PathBuf,
}

/// The CPU of the load. What traces runs on the other one: a machine with room for both is the
/// usual case, and with one CPU for both the figure would be the scheduler's.
const LOAD: &str = "0";
const READER: &str = "1";

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    if !run::is_root() {
        let why = "measuring what tracing costs needs root, and this is not root: \
                   run `sudo -E cargo xtask bench`";
        return Err(Unmet(why.into()).into());
    }
    if available_parallelism().map_or(1, usize::from) < 2 {
        return Err(Unmet(
            "the benchmark needs two CPUs: one for the load, one for the tracer".into(),
        )
        .into());
    }
    setup::ensure(setup::Scope { bpf: true, tests: false })?;
    let bench = Bench::build(options)?;
    let mut report = Report::new();
    if report.is_busy() {
        say::note(&format!(
            "this machine is busy (load {}): figures will be too high, and spread",
            report.load()
        ));
    }
    let parts = Part::value_variants();
    let wanted = |part: &&Part| options.only.is_empty() || options.only.contains(part);
    let verdict = parts.iter().filter(wanted).try_for_each(|&part| bench.part(part, &mut report));
    let _ = fs::remove_dir_all(&bench.scratch);
    // What was measured before something failed is worth seeing.
    print!("{report}");
    let file = place::target().join("bench.json");
    fs::write(&file, report.json()).with_context(|| format!("writing {}", file.display()))?;
    say::note(&format!("also in {}", file.display()));
    verdict?;
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    fn build(options: &Options) -> Result<Self> {
        let target = place::target();
        let programs = if options.guided {
            guided::build(&["tracer", "tracer-tests"], &[])?
        } else {
            say::step("building");
            let build = ["build", "--release", "--locked", "--bins", "-p", "tracer", "-p"];
            run::run(run::cargo().args(build).args(["tracer-tests", "--target-dir"]).arg(&target))?;
            target.join("release")
        };
        let program = |name: &str| programs.join(name);
        let scratch = target.join("bench");
        fs::create_dir_all(&scratch)?;
        let (tracer, storm, gauge) = (program("tracer"), program("storm"), program("gauge"));
        Ok(Self { quick: options.quick, tracer, storm, gauge, scratch })
    }

    fn part(&self, part: Part, report: &mut Report) -> Result<()> {
        let name = format!("{part:?}").to_lowercase();
        say::step(&name);
        report.section(&name);
        match part {
            Part::Hooks => hooks::measure(self, report),
            Part::Slowdown => slowdown::measure(self, report),
            Part::Loss => loss::measure(self, report),
            Part::User => user::measure(self, report),
            Part::Snapshot => snapshot::measure(self, report),
            Part::Start => start::time(self, report),
            Part::Memory => start::memory(self, report),
            Part::Recording => recording::measure(self, report),
            Part::Check => check::measure(self, report),
            Part::Daemon => daemon::measure(self, report),
        }
        .with_context(|| format!("bench {name}"))
    }

    /// The larger number of rounds, or the smaller one if it has to be quick.
    fn rounds(&self, full: u32, quick: u32) -> u32 {
        if self.quick { quick } else { full }
    }

    /// A program that runs on one CPU.
    fn on(&self, cpu: &str, program: &Path) -> Command {
        let mut command = Command::new(&self.storm);
        command.args(["pin", cpu]).arg(program);
        command
    }

    /// The load, to its end, as fast as it goes; ns per operation.
    fn storm(&self, operation: &str, count: u32) -> Result<f64> {
        let mut command = self.on(LOAD, &self.storm);
        let text = run::output(command.args([operation, &count.to_string()]))?;
        Ok(number(text.trim())? / f64::from(count))
    }
}

/// A number that one of our programs printed.
fn number(text: &str) -> Result<f64> {
    let Ok(number) = text.parse() else { bail!("expected a number, got `{text}`") };
    Ok(number)
}
