//! `tracer pid --annotate`: a log with what its PIDs were on the host.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::ExitCode,
    slice,
};

use tracer::{
    model::NsKind,
    past::{Annotate, Lifetimes},
};

use super::super::{fault::Fault, file, out, scan::Scan};
use crate::cli;

/// A line that is longer is annotated in pieces.
const LINE: u64 = 1 << 20;
/// Bytes that are gathered before they are written.
const FULL: usize = 64 << 10;

/// Prints the log with the host's numbers beside its own.
pub(super) fn run(args: &cli::Number, log: &Path) -> Result<ExitCode, Fault> {
    let Some(from) = &args.from else { return Ok(ExitCode::from(2)) };
    let ns = match args.ns {
        Some(ns) if ns.kind.is_some_and(|kind| kind != NsKind::Pid) => {
            return Err(Fault::unable(
                "--ns",
                "PIDs are numbers of a PID namespace",
                "name one as `tracer ns FILE --kind pid` lists them: pid:[4026532398]",
            ));
        }
        ns => ns.map(|ns| ns.inum),
    };
    let mut lines = open(log)?;
    let (scan, lifetimes) = Scan::read(
        slice::from_ref(from),
        |_header, _coverage| Ok(Lifetimes::within(ns)),
        |lifetimes, world, event, change| {
            lifetimes.add(world, event, change);
            Ok(())
        },
    )?;
    let offset = args.utc_offset.unwrap_or(0);
    let mut annotate = Annotate::new(&lifetimes, &scan.header.host).offset(offset);
    let (mut line, mut text) = (Vec::new(), Vec::new());
    let mut stdout = io::stdout().lock();
    loop {
        line.clear();
        let read = io::Read::take(&mut lines, LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| file::cannot_read(log, &error))?;
        if read > 0 {
            annotate.line(&line, &mut text);
        }
        if read == 0 || text.len() >= FULL {
            stdout.write_all(&text)?;
            text.clear();
        }
        if read == 0 {
            break;
        }
    }
    stdout.flush()?;
    let tally = annotate.tally;
    out::note(&format!(
        "{} lines, {} with a time: {} PIDs named, {} that nobody had, {} not known",
        tally.lines, tally.timed, tally.named, tally.free, tally.unknown
    ));
    scan.code()
}

/// The log; `-` is standard input.
fn open(path: &Path) -> Result<Box<dyn BufRead>, Fault> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = File::open(path).map_err(|error| {
        Fault::unable(format!("cannot read {}", path.display()), error.to_string(), "")
    })?;
    Ok(Box::new(BufReader::new(file)))
}
