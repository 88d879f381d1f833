//! `tracer ps`: the task table.

use std::process::ExitCode;

use tracer::view;

use super::{fault::Fault, settings, tables::Tables};
use crate::cli::Table;

/// Prints the table.
pub(super) fn run(args: &Table) -> Result<ExitCode, Fault> {
    let now = Tables::read(&args.moment, &args.loading)?;
    let tasks = now.tasks(&args.selection)?;
    if args.output.json {
        return now.json(|json, text| {
            for &task in &tasks {
                json.task(&now.world, task, text);
            }
        });
    }
    now.text(|text| {
        view::table(&now.world, &tasks, now.ts, settings::style(args.output), text);
    })
}
