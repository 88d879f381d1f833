//! `tracer history`: the lives of one number, through a whole recording, or a daemon's own.

use std::process::ExitCode;

use tracer::{past, view};

use super::{ask, fault::Fault, out, scan::Scan, settings};
use crate::cli;

/// Tells them.
pub(super) fn run(args: &cli::History) -> Result<ExitCode, Fault> {
    if args.files.is_empty() {
        return ask::history(&args.asked, args.shown);
    }
    let mut reports = Vec::new();
    let (scan, mut history) = Scan::read(
        &args.files,
        |_header, _coverage| Ok(past::History::new(args.pid)),
        |history, world, event, change| {
            reports.clear();
            view::reports(world, event, change, &mut reports);
            history.add(world, event, change, &reports);
            Ok(())
        },
    )?;
    history.finish(&scan.world, scan.end);
    if history.lives().is_empty() {
        return Err(Fault::Absent {
            what: format!("nobody had the PID {} in this recording", args.pid.nr),
            help: "`tracer ps FILE` lists who lived at its end, `tracer stats FILE` what happened"
                .into(),
        });
    }
    if args.shown.output.json {
        out::json(&scan.header.host, &scan.coverage, &scan.world, |json, text| {
            json.history(&history, text);
        })?;
    } else {
        let lines = settings::lines(args.shown, &scan.header.host, scan.header.start);
        out::print(view::text::made(|text| view::past::history(&lines, &history, text)))?;
    }
    scan.code()
}
