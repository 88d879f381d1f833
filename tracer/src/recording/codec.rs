//! How a payload is stored: as it is, or compressed.

use super::block::BadBlock;

/// The first of the fast levels: level 1 saves 2 % of the bytes and costs a seventh of the reading
/// speed, higher ones gain next to nothing on columns.
const ZSTD_LEVEL: i32 = -1;

/// How a block of records becomes bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Codec {
    /// The records one after the other.
    Raw = 0,
    /// Columns.
    Columns = 1,
    /// Columns, compressed by lz4.
    Lz4 = 2,
    /// Columns, compressed by zstd.
    #[default]
    Zstd = 3,
}

impl Codec {
    /// All of them, by number.
    pub const ALL: [Self; 4] = [Self::Raw, Self::Columns, Self::Lz4, Self::Zstd];

    /// The codec of a number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// Compresses, and keeps its memory.
#[derive(Default)]
pub(super) struct Compressor {
    zstd: Option<zstd::bulk::Compressor<'static>>,
}

impl Compressor {
    /// Appends `plain` to `out` as `codec` stores it.
    pub(super) fn compress(&mut self, codec: Codec, plain: &[u8], out: &mut Vec<u8>) {
        let base = out.len();
        match codec {
            Codec::Raw | Codec::Columns => out.extend_from_slice(plain),
            Codec::Lz4 => {
                out.resize(base + lz4_flex::block::get_maximum_output_size(plain.len()), 0);
                let room = out.get_mut(base..).unwrap_or(&mut []);
                let len = lz4_flex::block::compress_into(plain, room).unwrap_or(0);
                out.truncate(base + len);
            }
            Codec::Zstd => {
                let packed = self.zstd(plain);
                out.extend_from_slice(&packed);
            }
        }
    }

    fn zstd(&mut self, plain: &[u8]) -> Vec<u8> {
        if self.zstd.is_none() {
            self.zstd = zstd::bulk::Compressor::new(ZSTD_LEVEL).ok();
        }
        self.zstd.as_mut().and_then(|zstd| zstd.compress(plain).ok()).unwrap_or_default()
    }
}

/// Decompresses, and keeps its memory.
#[derive(Default)]
pub(super) struct Decompressor {
    zstd: Option<zstd::bulk::Decompressor<'static>>,
}

impl Decompressor {
    /// Replaces `out` with the `len` plain bytes of `packed`.
    pub(super) fn decompress(
        &mut self,
        codec: Codec,
        packed: &[u8],
        len: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), BadBlock> {
        out.resize(len, 0);
        let got = match codec {
            Codec::Raw | Codec::Columns => {
                out.clear();
                out.extend_from_slice(packed);
                Some(packed.len())
            }
            Codec::Lz4 => lz4_flex::block::decompress_into(packed, out).ok(),
            Codec::Zstd => {
                if self.zstd.is_none() {
                    self.zstd = zstd::bulk::Decompressor::new().ok();
                }
                let zstd = self.zstd.as_mut();
                zstd.and_then(|zstd| zstd.decompress_to_buffer(packed, out.as_mut_slice()).ok())
            }
        };
        if got == Some(len) { Ok(()) } else { Err(BadBlock("its payload does not decompress")) }
    }
}
