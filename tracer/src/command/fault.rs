//! What can go wrong with a verb, and how it is said.

use std::{fmt::Display, io, process::ExitCode};

/// Why a verb did not do what it was asked for.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Wrong usage, or this kernel or this user cannot: exit code 2.
    Unable {
        /// What failed, on what.
        what: String,
        /// Why.
        why: String,
        /// What to do; may be empty.
        help: String,
    },
    /// Something asked for does not exist: exit code 1.
    Absent {
        /// What does not exist, and where.
        what: String,
        /// What to do.
        help: String,
    },
    /// Something failed that should have worked: exit code 1.
    Failed(anyhow::Error),
    /// Nobody reads any more: no error.
    ClosedPipe,
}

impl Fault {
    /// Wrong usage, or this kernel or this user cannot.
    pub(super) fn unable(
        what: impl Into<String>,
        why: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self::Unable { what: what.into(), why: why.into(), help: help.into() }
    }

    /// What a command line is refused for, in one line: up to how it should look.
    #[cfg(feature = "kernel")]
    pub(super) fn usage(error: &clap::Error) -> String {
        let text = error.render().to_string();
        let said = text.lines().map(str::trim).take_while(|line| !line.is_empty());
        said.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
    }

    /// It in one line.
    #[cfg(feature = "kernel")]
    pub(super) fn text(&self) -> String {
        match self {
            Self::Unable { what, why, .. } => format!("{what}: {why}"),
            Self::Absent { what, .. } => what.clone(),
            Self::Failed(error) => format!("{error:#}"),
            Self::ClosedPipe => "a pipe was closed".into(),
        }
    }

    /// Says it on standard error; the exit code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Unable { what, why, help } => {
                say(format_args!("{what}: {why}"), &help);
                ExitCode::from(2)
            }
            Self::Absent { what, help } => {
                say(what, &help);
                ExitCode::FAILURE
            }
            Self::Failed(error) => {
                say(format_args!("{error:#}"), "");
                ExitCode::FAILURE
            }
            Self::ClosedPipe => ExitCode::SUCCESS,
        }
    }
}

/// One message, and what helps.
fn say(message: impl Display, help: &str) {
    super::out::complain(format_args!("tracer: {message}"));
    if !help.is_empty() {
        super::out::complain(format_args!("help: {help}"));
    }
}

impl From<anyhow::Error> for Fault {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::ClosedPipe;
        }
        Self::Failed(anyhow::Error::new(error).context("cannot write to standard output"))
    }
}

#[cfg(feature = "kernel")]
impl From<tracer::kernel::Refused> for Fault {
    fn from(refused: tracer::kernel::Refused) -> Self {
        match refused {
            tracer::kernel::Refused::Unable { what, why, help } => Self::Unable { what, why, help },
            tracer::kernel::Refused::Runtime(error) => Self::Failed(error),
        }
    }
}
