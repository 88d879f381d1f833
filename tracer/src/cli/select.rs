//! What to show: filters.

use clap::Args;
use tracer::{
    filter::{CommSpec, NsSpec, PidSpec, Types},
    view::TimeSpec,
};

use super::value;

/// Where filters stand in the help.
pub(super) const HEADING: &str = "Filters (all must hold; of the values of one, any)";

/// What to show. Values of one option are alternatives; different options must all hold.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = HEADING)]
pub(crate) struct Selection {
    /// Only these processes: a number in the initial PID namespace, or NR@NS
    #[arg(long, value_name = "NR[@NS]", value_delimiter = ',')]
    pub(crate) pid: Vec<PidSpec>,
    /// Only tasks in these namespaces: an inode number, or as in /proc/PID/ns: pid:[4026532398]
    #[arg(long, value_name = "NS", value_delimiter = ',')]
    pub(crate) ns: Vec<NsSpec>,
    /// Only tasks with this name (comm); * and ? stand for any text and any character
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) comm: Vec<CommSpec>,
    /// Only tasks of these users (numbers, in the initial user namespace)
    #[arg(long, value_name = "UID", value_delimiter = ',', value_parser = value::uid)]
    pub(crate) uid: Vec<u32>,
    /// Only tasks in these cgroups: the id (its directory's inode number) or the directory
    #[arg(long, value_name = "CGROUP", value_parser = value::word)]
    pub(crate) cgroup: Vec<String>,
    /// Only tasks in these containers: the start of an id, a name, or a pod's uid
    #[arg(long, value_name = "CONTAINER", value_delimiter = ',', value_parser = value::word)]
    pub(crate) container: Vec<String>,
    /// Only this process and its descendants
    #[arg(long, value_name = "NR[@NS]", value_delimiter = ',')]
    pub(crate) tree: Vec<PidSpec>,
    /// Show threads too, not only processes
    #[arg(long)]
    pub(crate) threads: bool,
}

/// Which events to show.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = HEADING)]
pub(crate) struct EventSelection {
    /// Only events of these types: fork, exec, exit, … (listed below), or all
    #[arg(long = "type", value_name = "TYPE,…")]
    pub(crate) types: Option<Types>,
    /// Only events from this time on: ISO 8601, 3m ago, or +1.5s from the start
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<TimeSpec>,
    /// Only events until this time; without a COMMAND, tracing ends then
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<TimeSpec>,
}
