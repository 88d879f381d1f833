//! `tracer diff`: what appeared, ended and changed between two times of a recording.

use std::process::ExitCode;

use tracer::{
    past,
    recording::Replay,
    view::{self, Json, Lines, Summary},
};

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
    let failed = |error| anyhow::anyhow!("cannot read {}: {error}", args.file.display());
    let end = reader.last_ts().map_err(failed)?;
    let [from, to] = [args.from, args.to].map(|spec| spec.resolve(&header.host, header.start, end));
    if from > to {
        return Err(Fault::unable(
            "cannot compare these times",
            "the first one is later than the second",
            "give the earlier one first",
        ));
    }
    let mut damages = Damages::new(false);
    damages.file(&args.file);
    let mut found = Vec::new();
    let replay: Replay = tracer::recording::at(&mut reader, from, &mut found).map_err(failed)?;
    let before = replay.into_world();
    // Keyframes keep every handle: the later tables know the same tasks by them.
    let after = tracer::recording::at(&mut reader, to, &mut found).map_err(failed)?.into_world();
    for damage in &found {
        damages.note(damage);
    }
    Tables::exist(&before, &args.file)?;
    let diff = past::diff(&before, &after);

    let mut text = String::new();
    if args.output.json {
        let json = Json::new(&header.host);
        json.header(reader.coverage(), &mut text);
        json.diff(&diff, args.threads, &mut text);
        json.summary(&after, &Summary::default(), &mut text);
    } else {
        let (style, time) = (settings::style(args.output), settings::time(args.time));
        let lines = Lines::new(style, time, &header.host, header.start);
        view::past::diff(&lines, &diff, args.threads, &mut text);
    }
    out::print(text)?;
    damages.code()
}
