//! Making recordings, and reading them.

use std::{ffi::OsString, num::NonZeroU32, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};
use tracer::{filter::PidSpec, past::export::Format, recording, view::TimeSpec};

use super::{Asked, EventSelection, Output, Selection, Shown, Tracing, value};

/// `tracer record`.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// The file to make, which must not exist; by default HOST-TIME.tracer in this directory
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Begin a new file after so many bytes (100M, 1G) or so much time (10m, 1h); each stands alone
    /// and has its number in its name: FILE-00000.tracer, …
    #[arg(long, value_name = "SIZE|TIME", value_parser = value::rotate)]
    pub(crate) rotate: Option<Rotate>,
    /// Of rotated files, keep only the last N
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<NonZeroU32>,
    /// When what is recorded is forced to the disk: none (when the kernel sees fit), interval
    /// (once a second, or every 4 MiB) or frame (at once)
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = SyncName::Interval)]
    #[arg(hide_possible_values = true)]
    pub(crate) sync: SyncName,
    /// How records are packed: zstd (smallest), lz4 (faster), columns or raw (as the kernel wrote
    /// them)
    #[arg(long, value_name = "CODEC", value_enum, default_value_t = CodecName::Zstd)]
    #[arg(hide_possible_values = true)]
    pub(crate) codec: CodecName,
    /// Stop after this time: 500ms, 10s, 2m, 1h (a bare number is seconds)
    #[arg(long, value_name = "TIME", value_parser = value::duration)]
    pub(crate) duration: Option<Duration>,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
    /// Run this command and record until it ends
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// When a new file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotate {
    /// After so many bytes.
    Size(u64),
    /// After so much time.
    Time(Duration),
}

/// A value of `--sync`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SyncName {
    /// When the kernel sees fit
    None,
    /// Once a second, or every 4 MiB
    Interval,
    /// At once
    Frame,
}

impl From<SyncName> for recording::Sync {
    fn from(name: SyncName) -> Self {
        match name {
            SyncName::None => Self::None,
            SyncName::Interval => Self::Interval,
            SyncName::Frame => Self::Frame,
        }
    }
}

/// A value of `--codec`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CodecName {
    /// Smallest
    Zstd,
    /// Faster
    Lz4,
    /// Not compressed
    Columns,
    /// As the kernel wrote them
    Raw,
}

impl From<CodecName> for recording::Codec {
    fn from(name: CodecName) -> Self {
        match name {
            CodecName::Zstd => Self::Zstd,
            CodecName::Lz4 => Self::Lz4,
            CodecName::Columns => Self::Columns,
            CodecName::Raw => Self::Raw,
        }
    }
}

/// `tracer replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Recordings of one boot, in any order: they are replayed as one history; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// How fast: 1 is as it happened, 10 ten times as fast, max as fast as it goes
    #[arg(long, value_name = "SPEED", default_value = "max", value_parser = value::speed)]
    pub(crate) speed: Speed,
    /// Fail at the first damage instead of going on behind it
    #[arg(long)]
    pub(crate) strict: bool,
    /// Show the whole host, also where a COMMAND was recorded
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) events: EventSelection,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// `tracer history`.
#[derive(Debug, Args)]
#[command(allow_missing_positional = true)]
pub(crate) struct History {
    /// Recordings of one boot, in any order; - is standard input; without any, a daemon is asked for
    /// its own
    #[arg(value_name = "FILE", num_args = 1..)]
    pub(crate) files: Vec<PathBuf>,
    /// A number in the initial PID namespace, or NR@NS: a number in the namespace with that inode
    /// number
    #[arg(value_name = "NR[@NS]", required = true)]
    pub(crate) pid: PidSpec,
    #[command(flatten)]
    pub(crate) shown: Shown,
    #[command(flatten)]
    pub(crate) asked: Asked,
}

/// `tracer diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The recording
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The earlier time: ISO 8601, 3m ago (before its end), or +1.5s (from its start)
    #[arg(value_name = "T1")]
    pub(crate) from: TimeSpec,
    /// The later time
    #[arg(value_name = "T2")]
    pub(crate) to: TimeSpec,
    /// Show threads too, not only processes
    #[arg(long)]
    pub(crate) threads: bool,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// `tracer stats`.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// Recordings of one boot, in any order; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) shown: Shown,
}

/// `tracer export`.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Recordings of one boot, in any order; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The format: json (as replay --json), csv (a row for each event) or dot (the process tree, for
    /// Graphviz)
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Format,
    /// Write to this new file instead of standard output
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) events: EventSelection,
}

/// `tracer verify`.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Recordings of one boot, in any order; - is standard input
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Fail at the first damage instead of going on behind it
    #[arg(long)]
    pub(crate) strict: bool,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// `tracer redact`.
#[derive(Debug, Args)]
pub(crate) struct Redact {
    /// The recording; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file to make, which must not exist
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: PathBuf,
}

/// How fast a replay goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Speed {
    /// As fast as it goes.
    Max,
    /// So many times as fast as it happened.
    Times(f64),
}

/// A recording, and a time in it; without one the running kernel, now.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Recording")]
pub(crate) struct Moment {
    /// Show the tables of this recording instead of the running kernel's
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// At this time of the recording: ISO 8601, 3m ago (before its end), or +1.5s (from its
    /// start); by default at its end
    #[arg(long, value_name = "TIME", requires = "file", allow_hyphen_values = true)]
    pub(crate) at: Option<TimeSpec>,
    /// Ask the daemon at this socket, if one is there
    #[arg(long, value_name = "PATH", default_value = super::SOCKET, help_heading = "Daemon")]
    pub(crate) socket: PathBuf,
    /// Read the running kernel, also where a daemon could be asked
    #[arg(long, help_heading = "Daemon")]
    pub(crate) no_daemon: bool,
}
