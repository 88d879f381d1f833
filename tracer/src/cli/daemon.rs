//! The daemon's settings: on the command line, or in a file that mirrors it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::{
    Rotate, Tracing,
    user::{User, user},
    value,
};

/// Where the daemon listens, and where clients look for it.
pub(crate) const SOCKET: &str = "/run/tracer/tracer.sock";

/// Which daemon is asked.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Daemon")]
pub(crate) struct Asked {
    /// Ask the daemon at this socket, if one is there
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub(crate) socket: PathBuf,
    /// Ask no daemon: live traces the kernel itself, history needs a FILE
    #[arg(long)]
    pub(crate) no_daemon: bool,
}

/// `tracer daemon`. Every option but --config and --print-config is a key of the file, with the same
/// name and the same values; what stands on the command line counts more.
#[derive(Clone, Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct Daemon {
    /// Read settings from this file (TOML): socket = "/run/x.sock", keep = "2G", no-check = true
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print all settings as such a file, and end
    #[arg(long)]
    pub(crate) print_config: bool,
    /// Listen on this Unix socket
    #[arg(long, value_name = "PATH", default_value = SOCKET)]
    pub(crate) socket: PathBuf,
    /// Let the members of this group (a number) ask too; by default only root
    #[arg(long, value_name = "GID", value_parser = value::gid)]
    pub(crate) group: Option<u32>,
    /// Listen on this loopback address too: 127.0.0.1:9477
    #[arg(long, value_name = "ADDRESS:PORT", requires = "token_file")]
    pub(crate) listen: Option<SocketAddr>,
    /// What clients of that address have to show is in this file, readable by root only
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Cut off clients that for so long send no whole request, or take nothing of what they asked for
    #[arg(long, value_name = "TIME", value_parser = value::patience, default_value = "30s")]
    pub(crate) client_timeout: Duration,
    /// Record into this directory
    #[arg(long, value_name = "DIRECTORY")]
    pub(crate) dir: Option<PathBuf>,
    /// Begin a new file after so many bytes (100M) or so much time (1h)
    #[arg(long, value_name = "SIZE|TIME", value_parser = value::rotate, default_value = "64M")]
    pub(crate) rotate: Rotate,
    /// Of the recordings in that directory, keep so many bytes (2G) or so old ones (7d); the oldest
    /// are removed
    #[arg(long, value_name = "SIZE|AGE", value_parser = value::rotate, default_value = "1G")]
    pub(crate) keep: Rotate,
    /// Keep so many bytes of recent events for listeners that come back (16M; 0: none), while there
    /// are listeners and a minute longer
    #[arg(long, value_name = "SIZE", value_parser = value::backlog, default_value = "1M")]
    pub(crate) backlog: u64,
    /// Do not check the kernel's invariants
    #[arg(long)]
    pub(crate) no_check: bool,
    /// How often a sweep compares the tables with the kernel's own
    #[arg(long, value_name = "TIME", value_parser = value::interval, default_value = "60s")]
    pub(crate) audit_interval: Duration,
    /// How the log on standard error looks
    #[arg(long, value_name = "FORM", value_enum, default_value_t = LogForm::Text)]
    pub(crate) log_format: LogForm,
    /// Stay below so much resident memory, the ring's included: what is remembered of ended tasks
    /// goes first, then large answers are refused, the tables of what lives stay whole; 0 for no limit
    #[arg(long, value_name = "SIZE", value_parser = value::memory, default_value = "256M")]
    pub(crate) max_memory: u64,
    /// Have the kernel measure how often and how long each BPF program runs, for /metrics; that is
    /// two more looks at a clock in each run of every program on the host
    #[arg(long)]
    pub(crate) bpf_stats: bool,
    /// Run as this user (NAME, UID or UID:GID) once everything is attached, with the capabilities
    /// that are still needed; recordings and the socket become that user's
    #[arg(long, value_name = "USER", value_parser = user)]
    pub(crate) user: Option<User>,
    /// Do without seccomp, Landlock and no_new_privs, to debug the daemon itself
    #[arg(long)]
    pub(crate) no_sandbox: bool,
    #[command(flatten)]
    pub(crate) tracing: Tracing,
}

/// A value of `--log-format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// Lines with a priority that journald understands
    Text,
    /// A JSON object a line
    Json,
}
