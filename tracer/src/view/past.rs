//! What has been, as people read it: histories, lifetimes, differences, totals.

mod diff;
mod life;
mod lifetime;
mod pieces;
mod stats;
#[cfg(test)]
mod tests;

pub use diff::diff;
pub use life::history;
pub use lifetime::answer;
pub use stats::stats;
