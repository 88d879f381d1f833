//! `tracer`: traces processes and PID namespaces. Parses, runs the verb, and says what went wrong.

mod cli;
mod command;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match command::run(cli::Cli::parse().verb) {
        Ok(code) => code,
        Err(fault) => fault.report(),
    }
}
