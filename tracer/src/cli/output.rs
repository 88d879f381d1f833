//! How results are printed.

use clap::{Args, ValueEnum};

/// How results are printed.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Print JSON: one object a line, the first a header, the last a summary
    #[arg(long)]
    pub(crate) json: bool,
    /// When to use colour: always, never, or auto: on a terminal, unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = Color::Auto)]
    #[arg(hide_possible_values = true)]
    pub(crate) color: Color,
}

/// How events are printed: results with times.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Shown {
    #[command(flatten)]
    pub(crate) output: Output,
    /// How times are written in text
    #[arg(long, value_name = "FORM", value_enum, default_value_t = TimeForm::Relative)]
    pub(crate) time: TimeForm,
}

/// How times are written in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeForm {
    /// Seconds since tracing began
    Relative,
    /// Date and time of day, UTC
    Wall,
    /// Seconds since boot, as in dmesg
    Boot,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
