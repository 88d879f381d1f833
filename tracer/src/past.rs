//! Questions about what has been: one PID's history, who had a number when, what changed between
//! two times, totals, other formats.
//!
//! Everything here is pure, as the model and the views are, and does not care where its events come
//! from. Two shapes: an accumulator takes each event after [`World::apply_to`](crate::model::World::apply_to),
//! with what it changed and its reports, and is asked at the end; [`diff()`] compares one world with a
//! later state of itself. The tables forget what has ended after a while, so what is kept here is
//! copied ([`facts`]). Whatever grows has a bound, and what was left out is counted.

mod annotate;
mod blame;
mod diff;
mod doubt;
pub mod export;
pub mod facts;
mod history;
mod life;
mod lifetime;
mod lifetimes;
mod stats;
#[cfg(test)]
pub(crate) mod tests;
mod top;

pub use annotate::{Annotate, Tally};
pub use blame::{
    Blame, Breach, Failure, Failures, Findings, HeldPid, HeldPids, Hold, Holder, Kept, Leak, Leaks,
    Limit, Limits, Neglect, Refusal, SigChld, Standing, Why, Zombies,
};
pub use diff::{Changed, Diff, Ended, Field, SpaceFacts, TaskFacts, diff};
pub use doubt::Doubt;
pub use history::History;
pub use life::{Came, Entry, Happening, Life, Still};
pub use lifetime::{Answer, Lifetime, Since, Unknown};
pub use lifetimes::Lifetimes;
pub use stats::{Loss, Rate, SpaceLife, Spaces, Stats};
pub use top::Counter;
