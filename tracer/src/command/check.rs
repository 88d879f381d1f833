//! `tracer check`: whether the kernel's invariants hold, on the live host or in recordings.

mod file;
#[cfg(feature = "kernel")]
mod live;
mod report;
mod shrink;

use std::process::ExitCode;

use tracer::{
    check::{ALL, Options, Policy, Rule},
    past::Limits,
};

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
    let some = !rules.only.is_empty();
    let any = |names: &[Named]| names.iter().any(|name| !matches!(name, Named::Rule(_)));
    Policy {
        soft: rules.soft_is_error,
        require: named(&rules.require),
        allow_unknown: named(&rules.allow_unknown),
        allow_damage: rules.allow_unknown.iter().any(|named| matches!(named, Named::All)),
        // Who asks for some rules alone asks for nothing else.
        allow_incomplete: some || any(&rules.allow_unknown),
        require_complete: !some && any(&rules.require),
    }
}

/// What is tolerated of what no rule forbids.
fn limits(args: &cli::Check) -> Limits {
    let limits = args.limits;
    Limits {
        max_zombies: limits.max_zombies,
        max_zombie_age: limits
            .max_zombie_age
            .map(|age| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX)),
        max_failed_forks: limits.max_failed_forks,
        no_leaked_namespaces: limits.no_leaked_namespaces,
    }
}

fn named(names: &[Named]) -> Vec<u8> {
    let one = |name: &Named| match name {
        Named::All => ALL.iter().map(|rule| rule.number).collect(),
        Named::Completeness => Vec::new(),
        Named::Rule(rule) => vec![rule.number],
    };
    names.iter().flat_map(one).collect()
}
