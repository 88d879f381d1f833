//! `tracer export`: recordings in the formats of other tools.

use std::{
    fs::OpenOptions,
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::ExitCode,
};

use tracer::{
    filter::{Filter, Types},
    past::export::Exporter,
    view::{self, Summary},
};

use super::{fault::Fault, replay, scan::Scan, select};
use crate::cli;

/// Bytes that are gathered before they are written.
const FULL: usize = 256 << 10;

/// Where the export goes, and what is on its way.
struct Export {
    exporter: Box<dyn Exporter>,
    filter: Filter,
    summary: Summary,
    text: Vec<u8>,
    output: Box<dyn Write>,
}

impl Export {
    fn write(&mut self) -> io::Result<()> {
        self.output.write_all(&self.text)?;
        self.text.clear();
        Ok(())
    }
}

/// Writes them.
pub(super) fn run(args: &cli::Export) -> Result<ExitCode, Fault> {
    let mut filter = select::filter(&args.selection)?;
    filter.types = Some(args.events.types.unwrap_or(Types::LIVE));
    let end = replay::end(&args.files, &args.events)?;
    let mut reports = Vec::new();
    let (scan, mut export) = Scan::read(
        &args.files,
        |header, coverage| {
            let (host, start) = (&header.host, header.start);
            filter.since = args.events.since.map(|spec| spec.resolve(host, start, end));
            filter.until = args.events.until.map(|spec| spec.resolve(host, start, end));
            let output = open(args.output.as_deref())?;
            let exporter = args.to.exporter();
            let (text, summary) = (Vec::new(), Summary::default());
            let mut export = Export { exporter, filter, summary, text, output };
            export.exporter.begin(host, coverage, &mut export.text);
            Ok(export)
        },
        |export, world, event, change| {
            reports.clear();
            view::reports(world, event, change, &mut reports);
            for report in &reports {
                if export.filter.admits(world, report) {
                    export.summary.add(world, report);
                    export.exporter.event(world, report, &mut export.text);
                }
            }
            if export.text.len() >= FULL {
                export.write()?;
            }
            Ok(())
        },
    )?;
    export.exporter.end(&scan.world, &export.summary, &mut export.text);
    export.write()?;
    export.output.flush()?;
    scan.code()
}

/// Standard output, or a new file.
fn open(path: Option<&Path>) -> Result<Box<dyn Write>, Fault> {
    let Some(path) = path else { return Ok(Box::new(io::stdout())) };
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => Fault::unable(
            format!("cannot write {}", path.display()),
            "the file exists",
            "choose another name with -o, or remove it first",
        ),
        _ => Fault::Failed(anyhow::anyhow!("cannot write {}: {error}", path.display())),
    })?;
    Ok(Box::new(BufWriter::new(file)))
}
