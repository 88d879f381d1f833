//! `tracer stats`: recordings in numbers.

use std::process::ExitCode;

use tracer::{
    past,
    view::{self, Json, Lines, Summary},
};

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
    let mut text = String::new();
    if args.output.json {
        let json = Json::new(&scan.header.host);
        json.header(&scan.coverage, &mut text);
        json.stats(&stats, &mut text);
        json.summary(&scan.world, &Summary::default(), &mut text);
    } else {
        let (style, time) = (settings::style(args.output), settings::time(args.time));
        let lines = Lines::new(style, time, &scan.header.host, scan.header.start);
        view::past::stats(&lines, &stats, &mut text);
    }
    out::print(text)?;
    scan.code()
}
