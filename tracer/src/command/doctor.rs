//! `tracer doctor`: what this kernel offers, which plan is used, and what is lost by it.

mod facts;
mod json;
mod text;

use std::process::ExitCode;

use tracer::{
    coverage::Fact,
    kernel::{Refused, probe},
};

use super::{fault::Fault, out, settings};
use crate::cli;
use facts::Facts;

/// Tries, and tells.
pub(super) fn run(args: &cli::Doctor) -> Result<ExitCode, Fault> {
    let found = probe(&settings::tracing(&args.tracing));
    let facts = match &found {
        Ok(probe) => Facts::of(probe),
        Err(_) => Facts::read(),
    };
    let mut report = String::new();
    if args.output.json {
        json::write(&facts, found.as_ref(), &mut report);
    } else {
        text::write(&facts, found.as_ref(), settings::style(args.output), &mut report);
    }
    out::print(report)?;
    match found {
        Ok(_) => Ok(ExitCode::SUCCESS),
        // It is in the report already.
        Err(Refused::Unable { .. }) => Ok(ExitCode::from(2)),
        Err(refused @ Refused::Runtime(_)) => Err(refused.into()),
    }
}

/// A fact's name in the form of the events' names: `alloc_pid`.
fn name(fact: Fact) -> String {
    let mut name = String::new();
    for c in format!("{fact:?}").chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_named_like_events() {
        assert_eq!(name(Fact::AllocPid), "alloc_pid");
        assert_eq!(name(Fact::PidNsCreate), "pid_ns_create");
        assert_eq!(name(Fact::Fork), "fork");
    }
}
