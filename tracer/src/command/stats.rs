//! `tracer stats`: recordings in numbers.

use std::process::ExitCode;

use tracer::{past, view};

use super::{fault::Fault, out, scan::Scan, settings};
use crate::cli;

/// Counts.
pub(super) fn run(args: &cli::Stats) -> Result<ExitCode, Fault> {
    let mut reports = Vec::new();
    let (scan, (mut stats, blame)) = Scan::read(
        &args.files,
        |_header, coverage| Ok((past::Stats::default(), past::Blame::new(coverage))),
        |(stats, blame), world, event, change| {
            reports.clear();
            view::reports(world, event, change, &mut reports);
            stats.add(world, event, change, &reports);
            blame.add(world, event, change);
            Ok(())
        },
    )?;
    stats.finish(&scan.world);
    let findings = blame.finish(&scan.world, scan.end);
    if args.shown.output.json {
        out::json(&scan.header.host, &scan.coverage, &scan.world, |json, text| {
            json.stats(&stats, &findings, text);
        })?;
    } else {
        let lines = settings::lines(args.shown, &scan.header.host, scan.header.start);
        out::print(view::text::made(|text| view::past::stats(&lines, &stats, &findings, text)))?;
    }
    scan.code()
}
