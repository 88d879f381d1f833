//! Why tracing cannot start.

use std::fmt;

/// A refusal: what, where, why, and what to do. Exit code 2, but for [`Refused::Runtime`].
#[derive(Debug)]
pub enum Refused {
    /// This kernel, or this user on it, cannot: what failed, and what helps.
    Unable {
        /// What failed, on what.
        what: String,
        /// Why.
        why: String,
        /// What to do.
        help: String,
    },
    /// Something broke that should have worked.
    Runtime(anyhow::Error),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unable { what, why, help } => write!(f, "{what}: {why}; {help}"),
            Self::Runtime(error) => write!(f, "{error:#}"),
        }
    }
}

impl std::error::Error for Refused {}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        Self::Runtime(error)
    }
}
