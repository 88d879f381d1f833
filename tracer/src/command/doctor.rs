//! `tracer doctor`: what this kernel offers, which plan is used, and what is lost by it.

mod daemon;
mod facts;
mod json;
mod text;

use std::process::ExitCode;

use tracer::kernel::{Refused, probe};

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
    let daemon = daemon::facts();
    let mut report = String::new();
    if args.output.json {
        json::write(&facts, &daemon, found.as_ref(), &mut report);
    } else {
        let style = settings::style(args.output);
        text::write(&facts, found.as_ref(), style, &mut report);
        text::daemon(&daemon, style, &mut report);
    }
    out::print(report)?;
    match found {
        Ok(_) => Ok(ExitCode::SUCCESS),
        // It is in the report already.
        Err(Refused::Unable { .. }) => Ok(ExitCode::from(2)),
        Err(refused @ Refused::Runtime(_)) => Err(refused.into()),
    }
}
