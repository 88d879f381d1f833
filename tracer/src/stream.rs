//! From bytes to events: records are decoded, and the gaps that losses leave become events.

mod decode;
mod gap;

pub use decode::{Malformed, decode};
pub use gap::Gaps;
