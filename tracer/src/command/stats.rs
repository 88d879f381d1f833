//! `tracer stats`: recordings in numbers.

use std::process::ExitCode;

use tracer::{past, view};

use super::{fault::Fault, out, scan::Scan, settings};
use crate::cli;

/// Counts.
pub(super) fn run(args: &cli::Stats) -> Result<ExitCode, Fault> {
    let mut reports = Vec::new();
    let (scan, mut stats) = Scan::read(
        &args.files,
        |_header, _coverage| Ok(past::Stats::default()),
        |stats, world, event, change| {
            reports.clear();
            view::reports(world, event, change, &mut reports);
            stats.add(world, event, change, &reports);
            Ok(())
        },
    )?;
    stats.finish(&scan.world);
    if args.shown.output.json {
        out::json(&scan.header.host, &scan.coverage, &scan.world, |json, text| {
            json.stats(&stats, text);
        })?;
    } else {
        let lines = settings::lines(args.shown, &scan.header.host, scan.header.start);
        out::print(view::text::made(|text| view::past::stats(&lines, &stats, text)))?;
    }
    scan.code()
}
