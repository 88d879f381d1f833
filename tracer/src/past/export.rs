//! `export`: a recording in the formats of other tools.

mod csv;
mod dot;
mod json;

use std::{fmt, str::FromStr};

use crate::coverage::Coverage;
use crate::host::Host;
use crate::model::World;
use crate::view::{Report, Summary};

pub use csv::{COLUMNS as CSV_COLUMNS, Csv};
pub use dot::Dot;
pub use json::JsonLines;

/// A format on its way out. Each call appends to `out`, which the caller writes and empties as it
/// likes; formats of text write UTF-8.
pub trait Exporter {
    /// Before the first event.
    fn begin(&mut self, host: &Host, coverage: &Coverage, out: &mut Vec<u8>);
    /// One event that was selected; `world` is as it left it.
    fn event(&mut self, world: &World, report: &Report, out: &mut Vec<u8>);
    /// After the last event.
    fn end(&mut self, world: &World, summary: &Summary, out: &mut Vec<u8>);
}

/// The formats, as users name them (`--to`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// What `replay --json` writes.
    Json,
    /// A row for each event.
    Csv,
    /// The process tree as a Graphviz digraph.
    Dot,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Dot];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Dot => "dot",
        }
    }

    /// Something that writes it.
    pub fn exporter(self) -> Box<dyn Exporter> {
        match self {
            Self::Json => Box::new(JsonLines::default()),
            Self::Csv => Box::new(Csv::default()),
            Self::Dot => Box::new(Dot::default()),
        }
    }
}

impl FromStr for Format {
    type Err = BadFormat;

    fn from_str(text: &str) -> Result<Self, BadFormat> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(BadFormat)
    }
}

/// A name that is no format's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadFormat;

impl fmt::Display for BadFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Format::ALL.map(Format::name).join(", ");
        write!(f, "this is no format: use one of {names}")
    }
}

impl std::error::Error for BadFormat {}
