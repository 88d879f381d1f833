//! `tracer containers`: what runs in which container.

use std::process::ExitCode;

use tracer::view::{self, Style};

use super::{fault::Fault, moment::Moment, select, tables};
use crate::cli::Table;

/// Prints the containers.
pub(super) fn run(args: &Table) -> Result<ExitCode, Fault> {
    tables::answer(&args.moment, &args.loading, args.output, |now, style| say(now, args, style))
}

/// The containers that the filters admit: all of those named by `--container`, else those that have
/// a task which the filters admit, and without filters the empty ones too.
pub(super) fn say(now: &Moment<'_>, args: &Table, style: Style) -> Result<String, Fault> {
    let mut rows = view::containers(now.world);
    let mut filter = select::filter(&args.selection)?;
    let words = std::mem::take(&mut filter.containers);
    if !words.is_empty() {
        rows.retain(|row| words.iter().any(|word| row.container.is_meant(word)));
    }
    if !filter.is_open() {
        filter.threads = true;
        select::check(now.world, &filter)?;
        rows.retain(|row| {
            now.world.tasks().any(|task| {
                now.world.container_of(task) == Some(&row.container)
                    && filter.admits_task(now.world, task)
            })
        });
    }
    if args.output.json {
        return Ok(now.json(|json, text| {
            for row in &rows {
                json.container(now.world, row, text);
            }
        }));
    }
    Ok(view::text::made(|text| view::containers_table(now.world, &rows, now.ts, style, text)))
}
