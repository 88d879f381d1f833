//! Where the report goes, and what it makes of the exit code.

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::{fs::MetadataExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{ExitCode, ExitStatus},
};

use tracer::{
    check::Verdict,
    view::{
        Json, Style,
        check::{self, Findings},
    },
};

use super::{UNKNOWN, VIOLATED};
use crate::{
    cli::{self, ReportFormat},
    command::{fault::Fault, out, settings},
};

/// Where GitHub Actions takes a job's summary from.
const STEP_SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Where the report goes. Opened before anything is checked: what cannot be written is known then.
pub(super) struct Output {
    file: Option<(PathBuf, File)>,
    summary: Option<(PathBuf, File)>,
}

impl Output {
    /// Opens the report's file, which must be none of these.
    pub(super) fn open(args: &cli::Check, others: &[PathBuf]) -> Result<Self, Fault> {
        let file = match &args.report.file {
            Some(path) => Some((path.clone(), open(path, others, false)?)),
            None => None,
        };
        let summary = match env::var_os(STEP_SUMMARY).filter(|path| !path.is_empty()) {
            Some(path) if format(args) == ReportFormat::Github => {
                let path = PathBuf::from(path);
                let file = open(&path, others, true)?;
                Some((path, file))
            }
            _ => None,
        };
        Ok(Self { file, summary })
    }

    /// Writes the report. Where it goes to a file, a summary for people goes to standard output.
    pub(super) fn write(self, args: &cli::Check, found: &Findings<'_>) -> Result<(), Fault> {
        if let Some((path, mut file)) = self.summary {
            let mut text = String::new();
            check::markdown(found, &mut text);
            file.write_all(text.as_bytes()).map_err(|error| failed(&path, &error))?;
        }
        let style = settings::style(args.output);
        let Some((path, mut file)) = self.file else {
            return print(&written(args, format(args), found, style));
        };
        let text = written(args, format(args), found, Style { color: false, ..style });
        // A pipe has no length.
        let _cut = file.set_len(0);
        file.write_all(text.as_bytes()).map_err(|error| failed(&path, &error))?;
        print(&written(args, ReportFormat::Text, found, style))
    }
}

/// Prints on standard output. That nobody reads it does not change the verdict.
fn print(text: &str) -> Result<(), Fault> {
    match out::print(text) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

/// The exit code.
pub(super) fn code(args: &cli::Check, found: &Findings<'_>) -> ExitCode {
    match found.verdict() {
        Verdict::Violated => ExitCode::from(VIOLATED),
        Verdict::Unknown => ExitCode::from(UNKNOWN),
        Verdict::Holds | Verdict::Untested | Verdict::Uncovered => match found.command {
            Some(command) if args.command_status => status(command.status),
            _ => ExitCode::SUCCESS,
        },
    }
}

/// The exit code that a shell would give for a command.
fn status(wait: i32) -> ExitCode {
    let status = ExitStatus::from_raw(wait);
    let code = status.code().or_else(|| Some(128 + status.signal()?));
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX))
}

/// The format that is asked for.
pub(super) fn format(args: &cli::Check) -> ReportFormat {
    if args.output.json { ReportFormat::Json } else { args.report.format }
}

/// The report in a format.
fn written(args: &cli::Check, format: ReportFormat, found: &Findings<'_>, style: Style) -> String {
    let mut text = String::new();
    match format {
        ReportFormat::Text => check::text(found, style, args.report.verbose, &mut text),
        ReportFormat::Json => {
            let json = Json::new(found.host);
            json.header(found.coverage, &mut text);
            json.check(found, &mut text);
        }
        ReportFormat::Junit => check::junit(found, &mut text),
        ReportFormat::Tap => check::tap(found, &mut text),
        ReportFormat::Github => check::github(found, &mut text),
    }
    text
}

/// Opens a file to be written, as it is.
fn open(path: &Path, others: &[PathBuf], append: bool) -> Result<File, Fault> {
    let what = || format!("cannot write {}", path.display());
    let same = |other: &&PathBuf| {
        let id = |path: &Path| path.metadata().ok().map(|meta| (meta.dev(), meta.ino()));
        id(path).is_some() && id(path) == id(other)
    };
    if let Some(other) = others.iter().find(same) {
        return Err(Fault::unable(
            what(),
            format!("it is {}, which is read", other.display()),
            "choose another file for the report",
        ));
    }
    let mut options = OpenOptions::new();
    let opened = if append {
        options.append(true).create(true).open(path)
    } else {
        options.write(true).create(true).truncate(false).open(path)
    };
    opened.map_err(|error| Fault::unable(what(), error.to_string(), "choose another with -o"))
}

fn failed(path: &Path, error: &io::Error) -> Fault {
    Fault::Failed(anyhow::anyhow!("cannot write {}: {error}", path.display()))
}
