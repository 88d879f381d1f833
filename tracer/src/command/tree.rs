//! `tracer tree`: who descends from whom.

use std::process::ExitCode;

use tracer::view::{self, Style};

use super::{fault::Fault, moment::Moment, ps, tables};
use crate::cli::Table;

/// Prints the tree.
pub(super) fn run(args: &Table) -> Result<ExitCode, Fault> {
    tables::answer(&args.moment, &args.loading, args.output, |now, style| say(now, args, style))
}

/// The tree.
pub(super) fn say(now: &Moment<'_>, args: &Table, style: Style) -> Result<String, Fault> {
    if args.output.json {
        // Each task carries its parent: the tree is the table.
        return ps::say(now, args, style);
    }
    let tasks = now.tasks(&args.selection)?;
    Ok(view::text::made(|text| view::tree(now.world, &tasks, style, text)))
}
