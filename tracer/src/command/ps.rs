//! `tracer ps`: the task table.

use std::process::ExitCode;

use tracer::view::{self, Style};

use super::{fault::Fault, moment::Moment, tables};
use crate::cli::Table;

/// Prints the table.
pub(super) fn run(args: &Table) -> Result<ExitCode, Fault> {
    tables::answer(&args.moment, &args.loading, args.output, |now, style| say(now, args, style))
}

/// The table.
pub(super) fn say(now: &Moment<'_>, args: &Table, style: Style) -> Result<String, Fault> {
    let tasks = now.tasks(&args.selection)?;
    if args.output.json {
        return Ok(now.json(|json, text| {
            for &task in &tasks {
                json.task(now.world, task, text);
            }
        }));
    }
    Ok(view::text::made(|text| view::table(now.world, &tasks, now.ts, style, text)))
}
