//! `tracer pid`: one PID at every level, in both directions.

use std::process::ExitCode;

use tracer::view;

use super::{fault::Fault, now::Now, select, settings};
use crate::cli::Number;

/// Prints the pid.
pub(super) fn run(args: &Number) -> Result<ExitCode, Fault> {
    let now = Now::read(&args.loading)?;
    let pid = select::pid(&now.world, args.pid)?;
    if args.output.json {
        return now.json(|json, text| json.pid(&now.world, pid, text));
    }
    Now::text(|text| view::pid(&now.world, pid, settings::style(args.output), text))
}
