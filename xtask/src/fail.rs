//! How a verb fails: one message, and an exit code that tells "went wrong" (1) from "something is
//! missing here" (2).

use std::{fmt, process::ExitCode};

/// Something that this machine lacks and that only its owner can bring; the message says how.
#[derive(Debug)]
pub(crate) struct Unmet(pub(crate) String);

impl fmt::Display for Unmet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Unmet {}

/// Prints the whole chain on one line and gives the exit code that goes with it.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    if error.is::<Unmet>() { ExitCode::from(2) } else { ExitCode::FAILURE }
}
