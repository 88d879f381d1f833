//! Payloads without records: as they are, or compressed.

use super::{
    Codec,
    codec::{Compressor, Decompressor},
};

/// Shorter payloads are not worth compressing.
const SHORT: usize = 128;

/// Packs payloads.
#[derive(Default)]
pub(super) struct Packer(Compressor);

impl Packer {
    /// Appends a payload as it is stored, and says how.
    pub(super) fn pack(&mut self, raw: &[u8], out: &mut Vec<u8>) -> Codec {
        let codec = if raw.len() < SHORT { Codec::Raw } else { Codec::Zstd };
        self.0.compress(codec, raw, out);
        codec
    }
}

/// Unpacks payloads.
#[derive(Default)]
pub(super) struct Unpacker(Decompressor);

impl Unpacker {
    /// Replaces `out` with what was packed; `None` if it is not that.
    pub(super) fn unpack(
        &mut self,
        codec: u8,
        packed: &[u8],
        len: u64,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let codec = Codec::from_number(codec)?;
        // What is not compressed cannot say that it is longer than it is.
        if matches!(codec, Codec::Raw | Codec::Columns) && packed.len() as u64 != len {
            return None;
        }
        self.0.decompress(codec, packed, usize::try_from(len).ok()?, out).ok()
    }
}
