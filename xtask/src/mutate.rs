//! `mutate`: faults in legal histories, and how many of them the checks find.

use std::{
    fs,
    path::PathBuf,
    process::{Command, ExitCode},
};

use anyhow::{Context, Result};
use clap::Args;

use crate::{place, run, say};

#[derive(Args)]
pub(crate) struct Options {
    /// Mutants to judge
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    mutants: u64,
    /// Legal histories, with and without losses, that must not be violated
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    histories: u64,
    /// A short run: 4,000 mutants and 2,000 histories
    #[arg(long, conflicts_with_all = ["mutants", "histories"])]
    short: bool,
    /// Where the numbers begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Recordings to take histories from too, besides those that are kept with the tests
    files: Vec<PathBuf>,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let build = ["build", "--release", "--locked", "-p", "tracer-tests", "--bin", "mutate"];
    run::run(run::cargo().args(build))?;
    say::step("mutants of legal histories");
    let (mutants, histories) =
        if options.short { (4000, 2000) } else { (options.mutants, options.histories) };
    let mut command = Command::new(place::target().join("release/mutate"));
    command.args(["--mutants", &mutants.to_string(), "--histories", &histories.to_string()]);
    command.args(["--seed", &options.seed.to_string()]);
    let kept = place::root().join("tests/recording/kernels");
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&kept).with_context(|| kept.display().to_string())? {
        files.push(entry?.path());
    }
    files.sort();
    command.args(files).args(&options.files);
    run::run(&mut command)?;
    Ok(ExitCode::SUCCESS)
}
