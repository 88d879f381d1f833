//! `tracer export`: recordings in the formats of other tools.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    process::ExitCode,
};

use tracer::{
    filter::Filter,
    past::export::Exporter,
    view::{self, Summary},
};

use super::{fault::Fault, file, replay, scan::Scan, select};
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
    let end = replay::end(&args.files, &args.events)?;
    let mut reports = Vec::new();
    let (scan, mut export) = Scan::read(
        &args.files,
        |header, coverage| {
            let host = &header.host;
            select::narrow(&mut filter, &args.events, host, header.start, end);
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
    Ok(Box::new(BufWriter::new(file::create(path)?)))
}
