//! What a user sees: lines, tables, trees, drawings and JSON, made from the tables and the events.
//!
//! Everything here is pure: it writes into a `String` and never fails. All text that traced
//! processes control is escaped on its way out ([`escape`]).
//!
//! A command feeds each event to the model, turns it into [`Report`]s, asks the
//! [`Filter`](crate::filter::Filter), and hands the report to a [`Lines`] or a [`Json`] writer:
//!
//! ```ignore
//! let change = world.apply(&event);
//! found.clear();
//! view::reports(&world, &event, &change, &mut found);
//! for report in found.iter().filter(|report| filter.admits(&world, report)) {
//!     lines.line(&world, report, &mut out);
//!     summary.add(&world, report);
//! }
//! ```

pub mod check;
mod containers;
mod digits;
pub mod escape;
#[cfg(test)]
pub(crate) mod fixture;
mod json;
mod line;
pub mod names;
mod namespaces;
pub mod past;
mod pid;
mod report;
mod show;
mod style;
mod summary;
mod table;
#[cfg(test)]
mod tests;
pub mod text;
pub mod time;
mod tree;

pub use containers::{ContainerRow, containers, containers_table};
pub use json::Json;
pub use line::{Lines, details};
pub use namespaces::namespaces;
pub use pid::pid;
pub use report::{Report, Type, What, reports};
pub use show::show;
pub use style::{Align, Grid, Paint, Style};
pub use summary::{Command, Summary};
pub use table::table;
pub use time::{TimeFormat, TimeSpec};
pub use tree::tree;
