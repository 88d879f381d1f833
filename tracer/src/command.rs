//! The verbs, one a file. Only here is anything printed.

mod completions;
#[cfg(feature = "kernel")]
mod doctor;
mod fault;
#[cfg(feature = "kernel")]
mod live;
mod man;
#[cfg(feature = "kernel")]
mod now;
#[cfg(feature = "kernel")]
mod ns;
mod out;
#[cfg(feature = "kernel")]
mod pid;
#[cfg(feature = "kernel")]
mod ps;
#[cfg(feature = "kernel")]
mod select;
#[cfg(feature = "kernel")]
mod settings;
#[cfg(feature = "kernel")]
mod show;
#[cfg(feature = "kernel")]
mod tree;

use std::process::ExitCode;

use crate::cli::Verb;
use fault::Fault;

/// Runs a verb.
pub(crate) fn run(verb: Verb) -> Result<ExitCode, Fault> {
    match verb {
        #[cfg(feature = "kernel")]
        Verb::Live(args) => live::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Ps(args) => ps::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Tree(args) => tree::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Ns(args) => ns::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Pid(args) => pid::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Show(args) => show::run(&args),
        #[cfg(feature = "kernel")]
        Verb::Doctor(args) => doctor::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => man::run(&args),
        #[cfg(not(feature = "kernel"))]
        _ => Err(Fault::unable(
            "cannot read a running kernel",
            "this build of tracer was made without the feature `kernel`",
            "use a build with the default features",
        )),
    }
}
