//! Making recordings of hosts that do not exist.

use std::{num::NonZeroU16, path::PathBuf};

use clap::{Args, ValueEnum};
use tracer::coverage::Plan;

use super::{recording::CodecName, value};

/// `tracer simulate`.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The file to make, which must not exist; with --hosts, FILE-1.tracer, FILE-2.tracer, …
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Decides everything that is left open: the same seed gives the same recording
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Events for each host, at least: 300, 10000, 5000000
    #[arg(long, value_name = "M", default_value_t = 100_000)]
    pub(crate) events: u64,
    /// Hosts, each with a file, a boot and a history of its own
    #[arg(long, value_name = "H", default_value = "1")]
    pub(crate) hosts: NonZeroU16,
    /// The kernel whose rules are followed: 5.10, 6.1, 6.12, 6.18 or 7.x
    #[arg(long, value_name = "KERNEL", default_value = "7.x", value_parser = value::kernel)]
    pub(crate) kernel: tracer::simulate::Kernel,
    /// The hooks that there are: trampoline, kprobe or tracepoint
    #[arg(long, value_name = "PLAN", value_enum, default_value_t = SimulatedPlan::Trampoline)]
    #[arg(hide_possible_values = true)]
    pub(crate) plan: SimulatedPlan,
    /// CPUs of each host
    #[arg(long, value_name = "N", default_value = "4")]
    pub(crate) cpus: NonZeroU16,
    /// Tasks that live at a time, roughly
    #[arg(long, value_name = "N", default_value_t = 60)]
    #[arg(value_parser = clap::value_parser!(u32).range(14..=1_000_000))]
    pub(crate) tasks: u32,
    /// How many records in 100 are lost, in bursts: 0.1, 2
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = value::percent)]
    pub(crate) lose: f64,
    /// kernel.pid_max of the initial PID namespace, 400 to 4194304: numbers are used again sooner
    #[arg(long, value_name = "N", default_value_t = 32_768)]
    #[arg(value_parser = clap::value_parser!(i32).range(400..=4_194_304))]
    pub(crate) pid_max: i32,
    /// Events between two sweeps by the iterator; 0 for none but the first and the last
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) sweep_every: u64,
    /// How records are packed: zstd (smallest), lz4, columns or raw
    #[arg(long, value_name = "CODEC", value_enum, default_value_t = CodecName::Zstd)]
    #[arg(hide_possible_values = true)]
    pub(crate) codec: CodecName,
}

/// A value of `--plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimulatedPlan {
    /// BPF trampolines
    Trampoline,
    /// kprobe and kretprobe
    Kprobe,
    /// Only tracepoints
    Tracepoint,
}

impl From<SimulatedPlan> for Plan {
    fn from(plan: SimulatedPlan) -> Self {
        match plan {
            SimulatedPlan::Trampoline => Self::Trampoline,
            SimulatedPlan::Kprobe => Self::Kprobe,
            SimulatedPlan::Tracepoint => Self::Tracepoint,
        }
    }
}
