//! `tracer completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;

use super::{fault::Fault, out};
use crate::cli::{Cli, Completions};

/// Prints the script.
pub(super) fn run(args: &Completions) -> Result<ExitCode, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tracer", &mut script);
    out::print(script)?;
    Ok(ExitCode::SUCCESS)
}
