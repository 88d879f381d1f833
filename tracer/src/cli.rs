//! What can be typed: verbs, options and their help. Types only; what they mean is decided in
//! [`command`](crate::command).

mod check;
mod daemon;
mod help;
mod output;
mod recording;
mod select;
mod simulate;
#[cfg(test)]
mod tests;
mod tracing;
mod user;
mod value;

use std::{ffi::OsString, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use tracer::{
    filter::{NsSpec, PidSpec},
    model::NsKind,
};

pub(crate) use check::{Check, Invariants, Named, ReportFormat};
pub(crate) use daemon::{Asked, Daemon, SOCKET};
pub(crate) use output::{Color, Output, Shown, TimeForm};
pub(crate) use recording::{
    Diff, Export, History, Moment, Record, Redact, Replay, Rotate, Speed, Stats, Verify,
};
pub(crate) use select::{EventSelection, Selection};
pub(crate) use simulate::Simulate;
pub(crate) use tracing::{Loading, Tracing};
#[cfg(feature = "kernel")]
pub(crate) use {
    daemon::LogForm,
    tracing::{LogLevel, PlanName},
    user::User,
};

/// Shows every process and thread with its PID at every level of the PID-namespace tree
#[derive(Debug, Parser)]
#[command(name = "tracer", version, max_term_width = 100, after_help = help::MAIN)]
#[command(disable_help_subcommand = true, subcommand_required = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show events as they happen; with a COMMAND, run it and show its subtree
    #[command(after_help = help::LIVE)]
    Live(Live),
    /// Record what happens on the host, for replay and everything that takes a FILE
    #[command(after_help = help::RECORD)]
    Record(Record),
    /// Show the events of recordings, as live would have shown them
    #[command(after_help = help::REPLAY)]
    Replay(Replay),
    /// List the tasks, each with its number at every level
    #[command(after_help = help::PS)]
    Ps(Table),
    /// Draw the process tree, each process with its number at every level
    #[command(after_help = help::TREE)]
    Tree(Table),
    /// List the namespaces of all eight kinds, PID namespaces as a tree
    #[command(after_help = help::NS)]
    Ns(Namespaces),
    /// List the containers, each with its init's number at every level
    #[command(after_help = help::CONTAINERS)]
    Containers(Table),
    /// Translate one PID: its number at every level
    #[command(after_help = help::PID)]
    Pid(Number),
    /// Draw one task as the kernel holds it, with its struct pid and its namespaces
    #[command(after_help = help::SHOW)]
    Show(Show),
    /// Tell the life of whoever had a PID, through a recording
    #[command(after_help = help::HISTORY)]
    History(History),
    /// Show what appeared, ended and changed between two times of a recording
    #[command(after_help = help::DIFF)]
    Diff(Diff),
    /// Show recordings in numbers: rates, losses, top creators, zombies, failed forks, namespaces
    #[command(after_help = help::STATS)]
    Stats(Stats),
    /// Write recordings in the formats of other tools: json, csv, dot
    #[command(after_help = help::EXPORT)]
    Export(Export),
    /// Say whether recordings still give the tables that they were made with
    #[command(after_help = help::VERIFY)]
    Verify(Verify),
    /// Say whether the kernel's invariants hold: on this host, while a COMMAND runs, or in recordings
    #[command(after_help = help::CHECK)]
    Check(Check),
    /// List the invariants that check judges, or explain one
    #[command(after_help = help::INVARIANTS)]
    Invariants(Invariants),
    /// Copy a recording without arguments, file names and the host's name
    #[command(after_help = help::REDACT)]
    Redact(Redact),
    /// Make recordings of hosts that do not exist, by the kernel's rules and from a seed
    #[command(after_help = help::SIMULATE)]
    Simulate(Simulate),
    /// Keep the tables up to date, record, check, and answer whoever asks
    #[command(after_help = help::DAEMON)]
    Daemon(Box<Daemon>),
    /// Say what this kernel offers, which plan is used, and what is lost by it
    #[command(after_help = help::DOCTOR)]
    Doctor(Doctor),
    /// Print a completion script for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(Completions),
    /// Print the manual, or write one page per verb
    #[command(after_help = help::MAN)]
    Man(Man),
}

/// `tracer live`.
#[derive(Debug, Args)]
pub(crate) struct Live {
    /// Stop after this time: 500ms, 10s, 2m, 1h (a bare number is seconds)
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) duration: Option<Duration>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) events: EventSelection,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) asked: Asked,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
    /// Record everything too, into this new file (see `tracer record`)
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,
    /// Run this command and show its subtree; its standard output goes to standard error
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// `tracer ps`, `tracer tree` and `tracer containers`.
#[derive(Debug, Args)]
pub(crate) struct Table {
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) loading: Loading,
}

/// `tracer ns`.
#[derive(Debug, Args)]
pub(crate) struct Namespaces {
    /// Only namespaces of these kinds: user, mnt, uts, ipc, net, pid, cgroup, time
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = value::ns_kind)]
    #[arg(help_heading = select::HEADING)]
    pub(crate) kind: Vec<NsKind>,
    #[command(flatten)]
    pub(crate) table: Table,
}

/// `tracer show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A number in the initial PID namespace, or NR@NS: a number in the namespace with that inode
    /// number, written 7@4026532398 or 7@pid:[4026532398]
    #[arg(value_name = "NR[@NS]")]
    pub(crate) pid: PidSpec,
    #[command(flatten)]
    pub(crate) moment: Moment,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) loading: Loading,
}

/// `tracer pid`.
#[derive(Debug, Args)]
pub(crate) struct Number {
    /// A number in the initial PID namespace, or NR@NS: a number in the namespace with that inode
    /// number, written 7@4026532398 or 7@pid:[4026532398]
    #[arg(value_name = "NR[@NS]", required_unless_present = "annotate")]
    pub(crate) pid: Option<PidSpec>,
    #[command(flatten)]
    pub(crate) moment: Moment,
    /// Instead, print this log (- is standard input) with what its PIDs were on the host, by --from
    #[arg(long, value_name = "LOG", requires = "from", conflicts_with_all = ["pid", "at"])]
    pub(crate) annotate: Option<PathBuf>,
    /// The recording that --annotate asks
    #[arg(long, value_name = "FILE", requires = "annotate")]
    pub(crate) from: Option<PathBuf>,
    /// The PID namespace that the log was written in; by default the initial one
    #[arg(long, value_name = "NS", requires = "annotate")]
    pub(crate) ns: Option<NsSpec>,
    /// The offset of the log's times that do not say theirs (+02:00); by default UTC
    #[arg(long, value_name = "OFFSET", requires = "annotate", value_parser = value::utc_offset)]
    #[arg(allow_hyphen_values = true)]
    pub(crate) utc_offset: Option<i64>,
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) loading: Loading,
}

/// `tracer doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
}

/// `tracer completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// `tracer man`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write one file per verb into this directory instead: tracer.1, tracer-live.1, …
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}
