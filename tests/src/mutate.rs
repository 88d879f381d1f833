//! Mutation: legal histories with one fault each, to see whether the checks find it.
//!
//! A mutant is killed when a rule is violated, or when the fault shows as a loss and the verdict is
//! unknown. One that still holds is a survivor, unless the altered history is legal too: then a
//! [`reason`] says why.

pub mod fault;
pub mod field;
pub mod history;
pub mod judge;
pub mod named;
pub mod reason;
pub mod run;
pub mod score;

pub use fault::Fault;
pub use history::History;
pub use judge::{Judged, judge};
pub use run::{Options, Outcome, run};
pub use score::Score;
