//! `tracer pid`: one PID at every level, in both directions.

use std::process::ExitCode;

use tracer::view;

use super::{fault::Fault, select, settings, tables::Tables};
use crate::cli::Number;

/// Prints the pid.
pub(super) fn run(args: &Number) -> Result<ExitCode, Fault> {
    let now = Tables::read(&args.moment, &args.loading)?;
    let pid = select::pid(&now.world, args.pid)?;
    if args.output.json {
        return now.json(|json, text| json.pid(&now.world, pid, text));
    }
    now.text(|text| view::pid(&now.world, pid, settings::style(args.output), text))
}
