//! Programs that nobody here wrote, watched by the tracer: what it says of them must hold, whatever
//! they do.

mod perform;
mod prepare;
mod table;
mod watch;

use std::process::ExitCode;

use anyhow::Result;

use crate::verify::rounds::{Asked, Outcome};
pub(crate) use perform::perform;

/// What a quick look has under every plan: forks in a row, and namespaces of every kind.
const EVERYWHERE: [&str; 2] = ["stress-fork", "bwrap"];

/// `programs`.
pub(crate) fn main(args: &[&str]) -> Result<ExitCode> {
    let asked = Asked::parse("programs", args)?;
    let all = table::ALL.iter().filter(|it| asked.is_named(it.name) || it.short || !asked.short);
    let programs = asked.choose(all.map(|it| (it.name, it)).collect())?;
    asked.run(&programs, &EVERYWHERE, |round, program| match perform::absent(program) {
        Some(reason) => Ok(Outcome::Skip(reason)),
        None => watch::watch(round, program),
    })
}

/// `programs list`.
pub(crate) fn list() -> ExitCode {
    for program in table::ALL {
        println!("{:<22} {}", program.name, program.about);
    }
    ExitCode::SUCCESS
}
