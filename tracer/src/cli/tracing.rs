//! How the kernel is traced.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::value;

/// How the kernel is traced.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tracing")]
pub(crate) struct Tracing {
    /// How kernel functions are hooked; auto takes the best the kernel grants, for each fact
    #[arg(long, value_name = "PLAN", value_enum, default_value_t = PlanName::Auto)]
    pub(crate) plan: PlanName,
    /// Size of the ring buffer in bytes, or with K, M or G; a power of two of pages, rounded up.
    /// A process's life takes about 1.5 KiB of it: 16M bridges a stall of one second at 10,000
    /// forks a second
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = value::ring)]
    pub(crate) ring: u32,
    /// Do not read file names and arguments at exec
    #[arg(long)]
    pub(crate) no_args: bool,
    #[command(flatten)]
    pub(crate) loading: Loading,
}

/// How the programs are loaded.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tracing")]
pub(crate) struct Loading {
    /// The BPF programs' own diagnostics, on standard error: off (they cost nothing then), error,
    /// warn, info, debug or trace
    #[arg(long, value_name = "LEVEL", value_enum, default_value_t = LogLevel::Off)]
    #[arg(hide_possible_values = true)]
    pub(crate) log: LogLevel,
    /// Where to write the verifier's whole log if the kernel refuses a program
    #[arg(long, value_name = "FILE")]
    pub(crate) verifier_log: Option<PathBuf>,
}

/// A value of `--plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanName {
    /// The best that the kernel grants, for each fact
    Auto,
    /// BPF trampolines: fentry and fexit
    Trampoline,
    /// kprobe and kretprobe
    Kprobe,
    /// Only tracepoints; what functions alone can tell is inferred or unknown
    Tracepoint,
}

/// A value of `--log`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    /// None, at no cost
    Off,
    /// Errors
    Error,
    /// And warnings
    Warn,
    /// And what is worth knowing
    Info,
    /// And details
    Debug,
    /// And everything
    Trace,
}
