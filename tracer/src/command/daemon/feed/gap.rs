//! What is missing from what a client is told, and why.

use super::id::Id;

/// What is missing.
#[derive(Clone, Copy)]
pub(super) enum Gap {
    /// The client reads too slowly. From the first to the last that it would have been told.
    Slow { from: Id, to: Id, count: u64 },
    /// It wants to go on behind an event that is kept no more. These are events of the whole host.
    TooOld { from: Id, to: Id, count: u64 },
    /// It wants to go on behind an event of another run.
    OtherRun,
}

impl Gap {
    /// As a JSON object.
    pub(super) fn json(self) -> String {
        let (why, from, to, count) = match self {
            Self::Slow { from, to, count } => ("slow", from, to, count),
            Self::TooOld { from, to, count } => ("too_old", from, to, count),
            Self::OtherRun => return r#"{"type":"gap","why":"other_run"}"#.into(),
        };
        format!(r#"{{"type":"gap","why":"{why}","from":"{from}","to":"{to}","count":{count}}}"#)
    }

    /// In words.
    pub(super) fn words(self) -> String {
        match self {
            Self::Slow { count, .. } => {
                format!("# {count} events are missing here: they were not read in time")
            }
            Self::TooOld { count, .. } => {
                format!(
                    "# what {count} events of the host told is missing here: they are kept no more"
                )
            }
            Self::OtherRun => {
                "# the daemon was started anew: what happened before is missing here".into()
            }
        }
    }
}
