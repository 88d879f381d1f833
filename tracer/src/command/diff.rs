//! `tracer diff`: what appeared, ended and changed between two times of a recording.

use std::process::ExitCode;

use tracer::{past, recording, view};

use super::{
    fault::Fault,
    file::{self, Damages},
    out, settings,
    tables::Tables,
};
use crate::cli;

/// Compares.
pub(super) fn run(args: &cli::Diff) -> Result<ExitCode, Fault> {
    let mut reader = file::seekable(&args.file)?;
    let header = reader.header().clone();
    let failed = |error| file::cannot_read(&args.file, &error);
    let end = reader.last_ts().map_err(failed)?;
    let [from, to] = [args.from, args.to].map(|spec| spec.resolve(&header.host, header.start, end));
    if from > to {
        return Err(Fault::unable(
            "cannot compare these times",
            "the first one is later than the second",
            "give the earlier one first",
        ));
    }
    let mut found = Vec::new();
    let before = recording::at(&mut reader, from, &mut found).map_err(failed)?.into_world();
    // Keyframes keep every handle: the later tables know the same tasks by them.
    let after = recording::at(&mut reader, to, &mut found).map_err(failed)?.into_world();
    let damages = Damages::of(&args.file, &found);
    Tables::exist(&before, &args.file)?;
    let diff = past::diff(&before, &after);

    if args.shown.output.json {
        out::json(&header.host, reader.coverage(), &after, |json, text| {
            json.diff(&diff, args.threads, text);
        })?;
    } else {
        let lines = settings::lines(args.shown, &header.host, header.start);
        out::print(view::text::made(|text| view::past::diff(&lines, &diff, args.threads, text)))?;
    }
    damages.code()
}
