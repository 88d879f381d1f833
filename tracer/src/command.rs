//! The verbs, one a file. Only here is anything printed.

mod ask;
mod check;
#[cfg(feature = "kernel")]
mod child;
mod completions;
mod containers;
#[cfg(feature = "kernel")]
mod daemon;
mod diff;
#[cfg(feature = "kernel")]
mod doctor;
mod export;
mod fault;
mod file;
mod follow;
mod history;
mod invariants;
#[cfg(feature = "kernel")]
mod listen;
#[cfg(feature = "kernel")]
mod live;
mod man;
mod moment;
mod ns;
mod out;
mod pid;
mod ps;
#[cfg(feature = "kernel")]
mod record;
mod redact;
mod replay;
mod root;
mod scan;
mod select;
mod settings;
mod show;
mod signals;
mod simulate;
mod stats;
mod tables;
#[cfg(feature = "kernel")]
mod trace;
mod tree;
mod verify;

use std::process::ExitCode;

use crate::cli::Verb;
use fault::Fault;

/// Runs a verb.
pub(crate) fn run(verb: Verb) -> Result<ExitCode, Fault> {
    match verb {
        #[cfg(feature = "kernel")]
        Verb::Live(args) => live::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Record(args) => record::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Doctor(args) => doctor::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Daemon(args) => daemon::run(&args),
        Verb::Replay(args) => replay::run(&args),
        Verb::History(args) => history::run(&args),
        Verb::Diff(args) => diff::run(&args),
        Verb::Stats(args) => stats::run(&args),
        Verb::Export(args) => export::run(&args),
        Verb::Redact(args) => redact::run(&args),
        Verb::Simulate(args) => simulate::run(&args),
        Verb::Verify(args) => verify::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Invariants(args) => invariants::run(&args),
        Verb::Ps(args) => ps::run(&args),
        Verb::Tree(args) => tree::run(&args),
        Verb::Ns(args) => ns::run(&args),
        Verb::Containers(args) => containers::run(&args),
        Verb::Pid(args) => pid::run(&args),
        Verb::Show(args) => show::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
        #[cfg(not(feature = "kernel"))]
        Verb::Live(_) | Verb::Record(_) | Verb::Doctor(_) | Verb::Daemon(_) => {
            Err(without_kernel())
        }
    }
}

/// This build reads recordings only.
#[cfg(not(feature = "kernel"))]
fn without_kernel() -> Fault {
    Fault::unable(
        "cannot read a running kernel",
        "this build of tracer was made without the feature `kernel`",
        "use a build with the default features, or name a recording",
    )
}
