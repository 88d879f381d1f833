//! `tracer check`: whether the kernel's invariants hold, on the live host or in recordings.

mod file;
#[cfg(feature = "kernel")]
mod live;
mod report;
mod shrink;

use std::process::ExitCode;

use tracer::check::{ALL, Options, Policy, Rule};

use super::fault::Fault;
use crate::cli::{self, Named};

/// The exit code where a rule is violated.
const VIOLATED: u8 = 3;

/// The exit code where too much is missing to say that all rules hold.
const UNKNOWN: u8 = 4;

/// Checks what is named; without a file, the running kernel.
pub(super) fn run(args: &cli::Check) -> Result<ExitCode, Fault> {
    if args.files.is_empty() {
        #[cfg(feature = "kernel")]
        return live::run(args);
        #[cfg(not(feature = "kernel"))]
        return Err(super::without_kernel());
    }
    file::run(args)
}

/// Which rules are judged.
fn options(args: &cli::Check) -> Options {
    let numbers = |rules: &[&'static Rule]| rules.iter().map(|rule| rule.number).collect();
    Options { only: numbers(&args.rules.only), skip: numbers(&args.rules.skip) }
}

/// What of the verdicts fails.
fn policy(args: &cli::Check) -> Policy {
    let rules = &args.rules;
    Policy {
        soft: rules.soft_is_error,
        require: named(&rules.require),
        allow_unknown: named(&rules.allow_unknown),
        allow_damage: rules.allow_unknown.iter().any(|named| matches!(named, Named::All)),
    }
}

fn named(names: &[Named]) -> Vec<u8> {
    let one = |name: &Named| match name {
        Named::All => ALL.iter().map(|rule| rule.number).collect(),
        Named::Rule(rule) => vec![rule.number],
    };
    names.iter().flat_map(one).collect()
}
