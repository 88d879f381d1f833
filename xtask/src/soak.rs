//! `soak`: the daemon in a storm of forks, as long as one likes. The test is the one that `test` runs
//! for some seconds; here it lasts, and forks come as fast as this machine makes them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::{fail::Unmet, place, run, say, setup};

#[derive(Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    if !run::is_root() {
        let why = "the daemon needs root, and this is not root: run `sudo -E cargo xtask soak`";
        return Err(Unmet(why.into()).into());
    }
    setup::ensure(setup::Scope { bpf: true, tests: false })?;
    let build = ["build", "--release", "--locked", "-p", "tracer-tests", "--bin", "storm"];
    run::run(run::cargo().args(build).arg("--target-dir").arg(place::target()))?;
    say::step(&format!("soak: {} min", options.minutes));
    let mut test = run::cargo();
    test.args(["test", "--release", "--locked", "-p", "tracer", "--test", "faults"]);
    test.arg("--target-dir").arg(place::target()).args(["--", "soak::", "--nocapture"]);
    test.env("TRACER_SOAK_SECONDS", (options.minutes * 60).to_string());
    test.env("TRACER_STORM", place::target().join("release/storm"));
    run::run(&mut test)?;
    Ok(ExitCode::SUCCESS)
}
