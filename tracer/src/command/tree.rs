//! `tracer tree`: who descends from whom.

use std::process::ExitCode;

use tracer::view;

use super::{fault::Fault, settings, tables::Tables};
use crate::cli::Table;

/// Prints the tree.
pub(super) fn run(args: &Table) -> Result<ExitCode, Fault> {
    if args.output.json {
        // Each task carries its parent: the tree is the table.
        return super::ps::run(args);
    }
    let now = Tables::read(&args.moment, &args.loading)?;
    let tasks = now.tasks(&args.selection)?;
    now.text(|text| view::tree(&now.world, &tasks, settings::style(args.output), text))
}
