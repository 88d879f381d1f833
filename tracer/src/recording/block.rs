//! Blocks: how records become the payload of a frame, and come back.
#![doc = ""]
#![doc = include_str!("BLOCK.md")]

mod column;
mod decode;
mod dictionary;
mod encode;
#[cfg(test)]
mod tests;
pub(crate) mod varint;

use std::fmt;

pub use decode::Block;
pub use encode::{Encoder, Full};

/// Most records of a block.
pub const MAX_RECORDS: usize = 65_536;
/// Most bytes of a block before its compression.
pub const MAX_RAW: usize = 16 << 20;
/// Most bytes of the rows of a block.
pub const MAX_ROWS: usize = 32 << 20;
/// Most elements of what a decoder keeps beside the rows.
const MAX_ELEMENTS: usize = 8 << 20;

/// What a finished block is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Records.
    pub events: u32,
    /// Bytes of the payload before its compression.
    pub raw_len: u64,
    /// Time of the first record.
    pub first_ts: u64,
    /// Time of the last record.
    pub last_ts: u64,
}

/// Why bytes are no block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadBlock(pub(super) &'static str);

impl fmt::Display for BadBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the block cannot be decoded: {}", self.0)
    }
}

impl std::error::Error for BadBlock {}
