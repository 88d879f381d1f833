//! The kernel's invariants, each a rule with a verdict: holds, violated, unknown.
//!
//! A [`Checker`] sees every event twice: before the tables take it in, when a record can be held
//! against what is known, and after, when the change can be judged. It is pure and total, like the
//! model: live, replayed and simulated events are judged alike.
//!
//! - [`Rule`]: what is promised, by which kernel function, and what must be seen to judge it.
//! - The groups `pid`, `task`, `group`, `namespace`, `order`, `life` and `stream`: one
//!   rule a file, with a history that trips it and a near miss that does not.
//! - `Book`: how often each rule was tested, what violated it, and what losses made
//!   unknown.
//! - [`Report`]: the verdicts.
//! - [`Policy`]: which of them the caller is content with.
//!
//! [`shrink`] finds the smallest history that still shows a violation.
//!
//! A false violation is the worst that can happen here: whatever a rule cannot be sure of is unknown.

mod audit;
mod book;
mod checker;
mod complete;
mod cx;
mod form;
mod group;
mod life;
mod moves;
mod namespace;
mod nearest;
mod order;
mod pid;
mod policy;
mod recent;
mod report;
mod rule;
mod rules;
mod settle;
pub mod shrink;
mod stream;
mod subject;
mod task;
#[cfg(test)]
mod tests;
mod violation;
mod witness;

pub use checker::{Checker, Count, Options};
pub use complete::{Completeness, Counted, Gap, Numbers};
pub use form::Form;
pub use nearest::nearest;
pub use policy::{Counts, Policy};
pub use recent::Sighting;
pub use report::{Report, Row, Verdict};
pub use rule::{Group, Need, Rule, Scope, Severity, Weaker};
pub use rules::{ALL, find};
pub use subject::{Subject, What};
pub use violation::Violation;
pub use witness::{Shown, View};
