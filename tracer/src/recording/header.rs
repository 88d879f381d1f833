//! The first 4 KiB of a file: what it is, on which host and boot it was made, and its clocks.

use std::fmt;

use crate::host::Host;

/// Bytes of the header.
pub const HEADER: usize = 4096;

/// What every recording starts with. The byte behind the name is no text, and the line's end shows
/// a transfer that changed it.
pub const MAGIC: [u8; 8] = *b"tracer\x1a\n";

/// Version of the format. Only a change that no feature bit can name raises it.
pub const VERSION: u16 = 1;

/// Incompatible features that this version knows: none yet. A reader refuses a file that has a bit
/// which it does not know.
const KNOWN: &[(u64, &str)] = &[];

/// What the header says of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Features that a reader need not know.
    pub compatible: u64,
    /// The host: kernel release, name, boot id, clocks, CPUs, pid_max.
    pub host: Host,
    /// When tracing began, ns since boot: what relative times count from.
    pub start: u64,
    /// The run of the recorder: the files of one rotation share it.
    pub run: [u8; 16],
    /// Which file of the run it is, from 0.
    pub part: u32,
    /// Number of its first record in the run.
    pub first_seq: u64,
    /// How many ended tasks, pids and namespaces the tables keep ([`Config::history`]); keyframes
    /// hold them too.
    ///
    /// [`Config::history`]: crate::model::Config::history
    pub history: u32,
    /// It was made while a command ran, whose subtree is what was asked for.
    pub command: bool,
}

/// Why a file cannot be read as a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadHeader {
    /// It is none.
    Foreign,
    /// Its header is cut or damaged.
    Damaged,
    /// A newer version wrote it.
    Version(u16),
    /// It uses features that this version does not know, by their bits.
    Features(u64),
}

impl fmt::Display for BadHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("it is no recording of tracer"),
            Self::Damaged => f.write_str("its header is cut or damaged"),
            Self::Version(version) => {
                write!(f, "its format is version {version}, this tracer reads up to {VERSION}")
            }
            Self::Features(bits) => {
                f.write_str("it uses features that this tracer does not know:")?;
                for bit in (0..64).filter(|bit| bits >> bit & 1 != 0) {
                    match KNOWN.iter().find(|(known, _)| *known == 1 << bit) {
                        Some((_, name)) => write!(f, " {name}")?,
                        None => write!(f, " incompatible bit {bit}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for BadHeader {}

/// Where each field lies; texts are padded with NUL.
mod at {
    use std::ops::Range;

    pub(super) const VERSION: usize = 8;
    pub(super) const WIRE: usize = 10;
    pub(super) const LENGTH: usize = 12;
    pub(super) const COMPATIBLE: usize = 16;
    pub(super) const INCOMPATIBLE: usize = 24;
    pub(super) const RUN: Range<usize> = 32..48;
    pub(super) const PART: usize = 48;
    pub(super) const HISTORY: usize = 52;
    pub(super) const FIRST_SEQ: usize = 56;
    pub(super) const START: usize = 64;
    pub(super) const WALL: usize = 72;
    pub(super) const BOOT: usize = 80;
    pub(super) const MONO: usize = 88;
    pub(super) const CPUS: usize = 96;
    pub(super) const PID_MAX: usize = 100;
    pub(super) const FLAGS: usize = 104;
    pub(super) const BOOT_ID: Range<usize> = 128..192;
    pub(super) const RELEASE: Range<usize> = 192..448;
    pub(super) const NAME: Range<usize> = 448..704;
    pub(super) const CHECKSUM: usize = super::HEADER - 4;
}

impl Header {
    /// The header's bytes.
    pub fn write(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        let Host { release, name, boot_id, wall_ns, boot_ns, mono_ns, cpus, pid_max } = &self.host;
        put(&mut out, 0, &MAGIC);
        put(&mut out, at::VERSION, &VERSION.to_le_bytes());
        put(&mut out, at::WIRE, &tracer_ebpf::wire::VERSION.to_le_bytes());
        put(&mut out, at::LENGTH, &(HEADER as u32).to_le_bytes());
        put(&mut out, at::COMPATIBLE, &self.compatible.to_le_bytes());
        put(&mut out, at::RUN.start, &self.run);
        put(&mut out, at::PART, &self.part.to_le_bytes());
        put(&mut out, at::HISTORY, &self.history.to_le_bytes());
        put(&mut out, at::FIRST_SEQ, &self.first_seq.to_le_bytes());
        put(&mut out, at::START, &self.start.to_le_bytes());
        put(&mut out, at::WALL, &wall_ns.to_le_bytes());
        put(&mut out, at::BOOT, &boot_ns.to_le_bytes());
        put(&mut out, at::MONO, &mono_ns.to_le_bytes());
        put(&mut out, at::CPUS, &cpus.to_le_bytes());
        put(&mut out, at::PID_MAX, &pid_max.to_le_bytes());
        put(&mut out, at::FLAGS, &u32::from(self.command).to_le_bytes());
        for (range, text) in [(at::BOOT_ID, boot_id), (at::RELEASE, release), (at::NAME, name)] {
            // The kernel's own limits are far below these (64 bytes).
            let room = range.len().min(text.len());
            put(&mut out, range.start, text.as_bytes().get(..room).unwrap_or_default());
        }
        let checksum = crc32c::crc32c(out.get(..at::CHECKSUM).unwrap_or_default());
        put(&mut out, at::CHECKSUM, &checksum.to_le_bytes());
        out
    }

    /// What the checksums of its frames' heads begin with. The run is random, so no traced process
    /// can put into its arguments what would be taken for a frame of this file.
    pub fn key(&self) -> u32 {
        crc32c::crc32c(&self.run)
    }

    /// Reads a header.
    pub fn read(bytes: &[u8]) -> Result<Self, BadHeader> {
        if bytes.get(..MAGIC.len()) != Some(&MAGIC[..]) {
            return Err(BadHeader::Foreign);
        }
        Self::fields(bytes).ok_or(BadHeader::Damaged)?
    }

    fn fields(bytes: &[u8]) -> Option<Result<Self, BadHeader>> {
        let bytes = bytes.get(..HEADER)?;
        let body = bytes.get(..at::CHECKSUM)?;
        if crc32c::crc32c(body) != u32_at(bytes, at::CHECKSUM)? {
            return None;
        }
        let version = u16::from_le_bytes(*bytes.get(at::VERSION..)?.first_chunk()?);
        if version > VERSION {
            return Some(Err(BadHeader::Version(version)));
        }
        let known = KNOWN.iter().fold(0, |all, (bit, _)| all | bit);
        let unknown = u64_at(bytes, at::INCOMPATIBLE)? & !known;
        if unknown != 0 {
            return Some(Err(BadHeader::Features(unknown)));
        }
        let host = Host {
            release: text(bytes.get(at::RELEASE)?),
            name: text(bytes.get(at::NAME)?),
            boot_id: text(bytes.get(at::BOOT_ID)?),
            wall_ns: u64_at(bytes, at::WALL)?,
            boot_ns: u64_at(bytes, at::BOOT)?,
            mono_ns: u64_at(bytes, at::MONO)?,
            cpus: u32_at(bytes, at::CPUS)?,
            pid_max: u32_at(bytes, at::PID_MAX)?,
        };
        Some(Ok(Self {
            compatible: u64_at(bytes, at::COMPATIBLE)?,
            host,
            start: u64_at(bytes, at::START)?,
            run: *bytes.get(at::RUN)?.first_chunk()?,
            part: u32_at(bytes, at::PART)?,
            first_seq: u64_at(bytes, at::FIRST_SEQ)?,
            history: u32_at(bytes, at::HISTORY)?,
            command: u32_at(bytes, at::FLAGS)? & 1 != 0,
        }))
    }
}

/// Puts bytes at a place.
pub(super) fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(room) = out.get_mut(at..at + bytes.len()) {
        room.copy_from_slice(bytes);
    }
}

/// A padded text; bytes that are no UTF-8 are replaced.
fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// The integer at a place.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The integer at a place.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            compatible: 5,
            host: Host {
                release: "6.12.1".into(),
                name: "host".into(),
                boot_id: "b0071d".into(),
                wall_ns: 1,
                boot_ns: 2,
                mono_ns: 3,
                cpus: 4,
                pid_max: 5,
            },
            start: 6,
            run: [7; 16],
            part: 8,
            first_seq: 9,
            history: 10,
            command: true,
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        assert_eq!(Header::read(&header().write()), Ok(header()));
    }

    #[test]
    fn every_flipped_bit_of_a_header_is_noticed() {
        let bytes = header().write();
        for at in 0..HEADER {
            let mut bad = bytes;
            bad[at] ^= 1 << (at % 8);
            assert!(Header::read(&bad).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_cut_header_is_no_panic() {
        let bytes = header().write();
        for len in 0..HEADER {
            assert!(Header::read(&bytes[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn unknown_incompatible_features_are_refused_by_name() {
        let mut bytes = header().write();
        bytes[at::INCOMPATIBLE] = 0b1001;
        let checksum = crc32c::crc32c(&bytes[..at::CHECKSUM]);
        put(&mut bytes, at::CHECKSUM, &checksum.to_le_bytes());
        let error = Header::read(&bytes).unwrap_err().to_string();
        assert!(error.contains("bit 0") && error.contains("bit 3"), "{error}");
    }

    #[test]
    fn a_newer_version_is_named() {
        let mut bytes = header().write();
        bytes[at::VERSION] = 9;
        let checksum = crc32c::crc32c(&bytes[..at::CHECKSUM]);
        put(&mut bytes, at::CHECKSUM, &checksum.to_le_bytes());
        assert_eq!(Header::read(&bytes), Err(BadHeader::Version(9)));
    }
}
