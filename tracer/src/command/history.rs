//! `tracer history`: the lives of one number, through a whole recording.

use std::process::ExitCode;

use tracer::{
    past,
    view::{self, Json, Lines, Summary},
};

use super::{fault::Fault, out, scan::Scan, settings};
use crate::cli;

/// Tells them.
pub(super) fn run(args: &cli::History) -> Result<ExitCode, Fault> {
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
    let mut text = String::new();
    if args.output.json {
        let json = Json::new(&scan.header.host);
        json.header(&scan.coverage, &mut text);
        json.history(&history, &mut text);
        json.summary(&scan.world, &Summary::default(), &mut text);
    } else {
        let (style, time) = (settings::style(args.output), settings::time(args.time));
        let lines = Lines::new(style, time, &scan.header.host, scan.header.start);
        view::past::history(&lines, &history, &mut text);
    }
    out::print(text)?;
    scan.code()
}
