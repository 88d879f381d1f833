//! The verbs `check` and `invariants`.

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use tracer::{check::Rule, stream::Lie};

use super::{Output, Tracing, value};

/// Options that belong to live checking only.
const LIVE: [&str; 6] =
    ["duration", "record", "audit_interval", "command_status", "lie", "command"];

/// `tracer check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Recordings of one run, in any order; - is standard input. Without one the running kernel is
    /// checked
    #[arg(value_name = "FILE", conflicts_with_all = LIVE)]
    pub(crate) files: Vec<PathBuf>,
    /// Stop after this time: 500ms, 10s, 2m, 1h (a bare number is seconds)
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) duration: Option<Duration>,
    #[command(flatten)]
    pub(crate) rules: Rules,
    #[command(flatten)]
    pub(crate) limits: Limited,
    #[command(flatten)]
    pub(crate) report: Reporting,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) evidence: Evidence,
    /// How often the kernel's tables are swept and compared; 0: at the start and the end only
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "10s")]
    #[arg(help_heading = "Tracing")]
    pub(crate) audit_interval: Duration,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
    /// Corrupt the stream on purpose, to see that it is found out: births, exits, twins, numbers or
    /// parents
    #[arg(long, value_name = "HOW", value_parser = value::lie, hide = true)]
    pub(crate) lie: Option<Lie>,
    /// Exit as the command did when the verdict holds
    #[arg(long, requires = "command", help_heading = "Output")]
    pub(crate) command_status: bool,
    /// Run this command and check the host until it ends; its standard output goes to standard error
    #[arg(last = true, value_name = "COMMAND", help_heading = "Command")]
    pub(crate) command: Vec<OsString>,
}

/// Which rules are judged, and what of them fails.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Rules (by name or number; `tracer invariants` lists them)")]
pub(crate) struct Rules {
    /// Judge only these
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = value::rule)]
    pub(crate) only: Vec<&'static Rule>,
    /// Do not judge these
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = value::rule)]
    pub(crate) skip: Vec<&'static Rule>,
    /// These must have been judged: if one is untested or uncovered, the verdict is unknown;
    /// `completeness` too can be named: that the kernel's own counts were there to tell
    #[arg(long, value_name = "ID,…|all", value_delimiter = ',', value_parser = value::named)]
    pub(crate) require: Vec<Named>,
    /// That these are unknown, as after a loss, is no matter; `completeness` too can be named: that
    /// records are missing
    #[arg(long, value_name = "ID,…|all", value_delimiter = ',', value_parser = value::named)]
    pub(crate) allow_unknown: Vec<Named>,
    /// Violations of soft rules count too, and are not only warnings
    #[arg(long)]
    pub(crate) soft_is_error: bool,
}

/// What is tolerated of what no rule forbids.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "Limits (without one, who is to blame is only told)")]
pub(crate) struct Limited {
    /// Zombies that may stand at the end
    #[arg(long, value_name = "N")]
    pub(crate) max_zombies: Option<u64>,
    /// How long a zombie may stand until it is reaped: 500ms, 10s, 2m
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) max_zombie_age: Option<Duration>,
    /// Forks that may fail
    #[arg(long, value_name = "N")]
    pub(crate) max_failed_forks: Option<u64>,
    /// No namespace that was made meanwhile may be there at the end
    #[arg(long)]
    pub(crate) no_leaked_namespaces: bool,
}

/// The report.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Reporting {
    /// How the report is written: text, json, junit (XML), tap (version 14) or github (workflow
    /// commands, and a table in the job's summary)
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ReportFormat::Text)]
    #[arg(hide_possible_values = true, conflicts_with = "json")]
    pub(crate) format: ReportFormat,
    /// Write the report to this file, and a summary in text to standard output; a file that exists
    /// is overwritten
    #[arg(short = 'o', long = "output", value_name = "OUT", id = "report_file")]
    pub(crate) file: Option<PathBuf>,
    /// List every rule, also those that hold, and all who let zombies stand, also those who reaped
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

/// What is kept of a violation.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Evidence")]
pub(crate) struct Evidence {
    /// Record everything that is checked into this new file (see `tracer record`)
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// If a strict rule is violated, write to this new file the smallest recording that still shows
    /// the first violation; on a live host it needs --record
    #[arg(long, value_name = "OUT")]
    pub(crate) shrink: Option<PathBuf>,
    /// Shrink to the first violation of this rule instead
    #[arg(long, value_name = "ID", requires = "shrink", value_parser = value::rule)]
    pub(crate) shrink_rule: Option<&'static Rule>,
}

/// A rule, all of them, or what is judged beside them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Named {
    /// All.
    All,
    /// Whether the stream is complete.
    Completeness,
    /// One.
    Rule(&'static Rule),
}

/// A value of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// One object a line
    Json,
    /// XML, as CI servers read it
    Junit,
    /// Test Anything Protocol, version 14
    Tap,
    /// Workflow commands of GitHub Actions
    Github,
}

/// `tracer invariants`.
#[derive(Debug, Args)]
pub(crate) struct Invariants {
    /// Explain this rule: its name or its number
    #[arg(value_name = "ID|NUMBER")]
    pub(crate) rule: Option<String>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
}
