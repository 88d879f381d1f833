//! What has been, as people read it: histories, lifetimes, differences, totals.

mod blame;
mod diff;
mod life;
mod lifetime;
mod pieces;
mod stats;
#[cfg(test)]
mod tests;

pub use blame::{blame, holder};
pub use diff::diff;
pub use life::history;
pub use lifetime::answer;
pub use stats::stats;
