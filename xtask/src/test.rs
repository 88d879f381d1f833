//! `test`: everything that CI checks, step by step, with a line at the end that counts it all.

mod host;
mod step;

use std::process::{Command, ExitCode};

use anyhow::Result;
use clap::Args;

use crate::{kernels, matrix, run, setup, tidy, vm};
use step::Steps;

#[derive(Args)]
pub(crate) struct Options {
    /// Leaves out the virtual machines
    #[arg(long)]
    no_vm: bool,
    /// Only the oldest and the newest kernel
    #[arg(long)]
    quick: bool,
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    let mut steps = Steps::default();
    let verdict = all(options, &mut steps);
    steps.close();
    verdict?;
    Ok(ExitCode::SUCCESS)
}

/// The steps, cheapest first; the first that fails is the last that runs.
fn all(options: &Options, steps: &mut Steps) -> Result<()> {
    let scope = setup::Scope { bpf: true, tests: true };
    steps.one("setup", || setup::ensure(scope))?;
    if !options.no_vm {
        steps.one("kernels", || kernels::ensure(&kernels::stock()).map(drop))?;
    }
    steps.command("formatting", cargo(&["fmt", "--all", "--check"]))?;
    steps.counted("tidy", tidy::run)?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps.command("lints", cargo(&clippy))?;
    let pure = ["check", "-p", "tracer", "--no-default-features", "--locked"];
    steps.command("the pure parts alone", cargo(&pure))?;
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    doc.env("RUSTDOCFLAGS", "-Dwarnings");
    steps.command("documentation", doc)?;
    steps.cargo_test(cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]))?;

    let programs = steps.one("programs for the machines", || with_others(options.no_vm))?;
    steps.counted("scenarios on this host", |tally| host::run(&programs, tally))?;
    if options.no_vm {
        steps.skip("matrix", "--no-vm was given");
        return Ok(());
    }
    steps.counted("matrix", |tally| matrix::run(&matrix::for_test(options.quick), &programs, tally))
}

/// What the machines run; without machines nothing is fetched for them.
fn with_others(no_vm: bool) -> Result<vm::Programs> {
    let programs = vm::programs()?;
    if no_vm { Ok(programs) } else { programs.with_others() }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = run::cargo();
    cargo.args(arguments);
    cargo
}
