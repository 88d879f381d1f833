//! `matrix`: the scenarios and the programs of others on every kernel. Its table in the README is
//! what this project says it supports.

mod readme;
mod sweep;
mod table;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;

use crate::{kernels, say, setup, vm};
pub(crate) use sweep::Tally;

#[derive(Args)]
pub(crate) struct Options {
    /// Only these kernels, comma-separated; default: all that `cargo xtask kernels` fetches
    #[arg(long, value_delimiter = ',')]
    kernels: Vec<String>,
    /// Only these plans, comma-separated
    #[arg(long, value_delimiter = ',')]
    plans: Vec<String>,
    /// Only the oldest and the newest kernel
    #[arg(long, conflicts_with = "kernels")]
    quick: bool,
    /// Under all plans but the best only one scenario for each sort of event; few programs of
    /// others
    #[arg(long)]
    short: bool,
    /// Writes the support table into README.md
    #[arg(long, conflicts_with = "short")]
    write_readme: bool,
    #[command(flatten)]
    size: vm::Size,
}

impl Options {
    fn kernel_names(&self) -> Vec<String> {
        let mut names =
            if self.kernels.is_empty() { kernels::stock() } else { self.kernels.clone() };
        if self.quick && names.len() > 2 {
            names.drain(1..names.len() - 1);
        }
        names
    }
}

/// What `cargo xtask test` runs.
pub(crate) fn for_test(quick: bool) -> Options {
    let size = vm::Size { memory: 512, cpus: 2, timeout: 2400, append: String::new() };
    let (kernels, plans) = (Vec::new(), Vec::new());
    Options { kernels, plans, quick, short: true, write_readme: false, size }
}

pub(crate) fn verb(options: &Options) -> Result<ExitCode> {
    setup::ensure(setup::Scope { bpf: true, tests: true })?;
    let programs = vm::programs()?.with_others()?;
    let mut tally = Tally::default();
    let verdict = run(options, &programs, &mut tally);
    println!("{tally}");
    verdict?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the machines, prints the tables, and compares (or writes) the README's. Fails when anything
/// did.
pub(crate) fn run(options: &Options, programs: &vm::Programs, tally: &mut Tally) -> Result<()> {
    // A kernel that cannot be had is a failure, said by now; the others are tried all the same.
    let names = options.kernel_names();
    let fetched = kernels::ensure(&names);
    let kernels: Vec<kernels::Kernel> =
        names.iter().filter_map(|name| kernels::find(name)).collect();
    tally.failed += names.len() - kernels.len();
    say::step(&format!("matrix: {} kernels, two machines at a time", kernels.len()));
    let mut command = vm::scenarios("all", &options.plans);
    if options.short {
        command.push("--short".to_owned());
    }
    let rows = sweep::sweep(&kernels, programs, &command, &options.size)?;

    print!("{}", table::scenarios(&rows));
    println!("\n{}", table::reasons(&rows));
    let here: Tally = rows.iter().map(sweep::Row::tally).sum();
    *tally += here;
    if here.failed > 0 {
        bail!("{} of the matrix failed; consoles are under target/vm/log", here.failed);
    }
    fetched?;
    if here.passed == 0 {
        bail!("the matrix tested nothing: no line `result PLAN SCENARIO …` on any console");
    }
    if options.write_readme {
        readme::write(&rows)?;
    } else if options.plans.is_empty() && !options.short {
        readme::compare(&rows)?;
    }
    Ok(())
}
