//! `tracer pid`: one PID at every level, in both directions, now and through time.

mod annotate;

use std::{path::Path, process::ExitCode, slice};

use tracer::{
    filter::PidSpec,
    past::{Answer, Lifetimes},
    view::{self, Style},
};

use super::{fault::Fault, file, moment::Moment, out, scan::Scan, select, settings, tables};
use crate::cli::{self, Shown, TimeForm};

/// Prints the pid, or annotates a log.
pub(super) fn run(args: &cli::Number) -> Result<ExitCode, Fault> {
    if let Some(log) = &args.annotate {
        return annotate::run(args, log);
    }
    let Some(spec) = args.pid else {
        return Err(Fault::unable(
            "tracer pid",
            "no PID is given",
            "write `tracer pid 1234`, or `tracer pid 7@pid:[4026532398]`",
        ));
    };
    if let Some(path) = &args.moment.file {
        return then(args, spec, path);
    }
    let json = args.output.json;
    tables::answer(&args.moment, &args.loading, args.output, |now, style| {
        say(now, spec, json, style)
    })
}

/// One PID at every level, now.
pub(super) fn say(
    now: &Moment<'_>,
    spec: PidSpec,
    json: bool,
    style: Style,
) -> Result<String, Fault> {
    let pid = select::pid(now.world, spec)?;
    if json {
        return Ok(now.json(|json, text| json.pid(now.world, pid, text)));
    }
    Ok(view::text::made(|text| view::pid(now.world, pid, style, text)))
}

/// Whose the number was at a time of a recording, by default at its end.
fn then(args: &cli::Number, spec: PidSpec, path: &Path) -> Result<ExitCode, Fault> {
    let mut reader = file::seekable(path)?;
    let end = reader.last_ts().map_err(|error| file::cannot_read(path, &error))?;
    let header = reader.header();
    let ts = args.moment.at.map_or(end, |at| at.resolve(&header.host, header.start, end));
    let file = path.to_owned();
    let (scan, lifetimes) = Scan::read(
        slice::from_ref(&file),
        |_header, _coverage| Ok(Lifetimes::of(spec)),
        |lifetimes, world, event, change| {
            lifetimes.add(world, event, change);
            Ok(())
        },
    )?;
    let answer = lifetimes.at(spec.nr, ts);
    if args.output.json {
        out::json(&scan.header.host, &scan.coverage, &scan.world, |json, text| {
            json.answer(spec, ts, &answer, text);
        })?;
    } else {
        let shown = Shown { output: args.output, time: TimeForm::Relative };
        let lines = settings::lines(shown, &scan.header.host, scan.header.start);
        out::print(view::text::made(|text| view::past::answer(&lines, spec, ts, &answer, text)))?;
    }
    let code = scan.code()?;
    // Like a PID that does not exist now: the answer is there, and it is that nobody had it.
    Ok(if matches!(answer, Answer::Held { .. }) { code } else { ExitCode::FAILURE })
}
