//! From bytes to events: records are decoded, and the gaps that losses leave become events.

mod decode;
mod encode;
mod gap;
mod lie;

use crate::event::Event;

pub use decode::{Malformed, decode, decode_into, event, event_into};
pub use encode::{encode, record};
pub use gap::Gaps;
pub use lie::{Liar, Lie};

/// Takes the records of a stream in its order, each with the event that it tells.
pub type Sink<'a> = dyn FnMut(&[u8], &Event) + 'a;
