//! Recordings: the ring's records, kept byte for byte.
//!
//! - [`schema`]: what a file says about its records, so that any version can read them.
//! - [`block`]: how a few thousand records become a frame's payload, and back.
//! - [`codec`]: how a payload is compressed.

pub mod block;
pub mod codec;
#[doc(hidden)]
pub mod sample;
pub mod schema;
