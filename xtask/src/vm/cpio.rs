//! The archive format of an initramfs: cpio, "newc" (the kernel's
//! Documentation/driver-api/early-userspace).

use std::{fs::Metadata, os::unix::fs::MetadataExt as _};

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;
const CHARACTER_DEVICE: u32 = 0o020_600;

/// An archive that grows; `finish` closes it.
#[derive(Default)]
pub(crate) struct Cpio {
    bytes: Vec<u8>,
    entries: u32,
    /// User and group of the next entry.
    owner: (u32, u32),
}

impl Cpio {
    pub(crate) fn folder(&mut self, name: &str) {
        self.entry(name, FOLDER, (0, 0), &[]);
    }

    pub(crate) fn program(&mut self, name: &str, content: &[u8]) {
        self.entry(name, PROGRAM, (0, 0), content);
    }

    pub(crate) fn file(&mut self, name: &str, content: &[u8]) {
        self.entry(name, FILE, (0, 0), content);
    }

    pub(crate) fn link(&mut self, name: &str, to: &str) {
        self.entry(name, LINK, (0, 0), to.as_bytes());
    }

    pub(crate) fn character_device(&mut self, name: &str, major: u32, minor: u32) {
        self.entry(name, CHARACTER_DEVICE, (major, minor), &[]);
    }

    /// A file of any kind with the mode and the owner of another one.
    pub(crate) fn like(&mut self, name: &str, about: &Metadata, content: &[u8]) {
        let (major, minor) = ((about.rdev() >> 8) as u32 & 0xfff, about.rdev() as u32 & 0xff);
        self.owner = (about.uid(), about.gid());
        self.entry(name, about.mode(), (major, minor), content);
        self.owner = (0, 0);
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, (0, 0), &[]);
        self.bytes
    }

    /// A magic, 13 numbers of eight hexadecimal digits, the name, the content; both end on four
    /// bytes' boundaries.
    fn entry(&mut self, name: &str, mode: u32, device: (u32, u32), content: &[u8]) {
        self.entries += 1;
        let links = 1;
        let name_size = name.len() as u32 + 1;
        let fields = [
            self.entries,
            mode,
            self.owner.0,
            self.owner.1,
            links,
            0, // time
            content.len() as u32,
            0, // device that holds the file
            0,
            device.0,
            device.1,
            name_size,
            0, // checksum, not used in this format
        ];
        self.bytes.extend_from_slice(b"070701");
        for field in fields {
            self.bytes.extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.push(0);
        self.align();
        self.bytes.extend_from_slice(content);
        self.align();
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_aligned_and_closed_by_a_trailer() {
        let mut cpio = Cpio::default();
        cpio.file("args", b"hello");
        let bytes = cpio.finish();
        assert_eq!(&bytes[..6], b"070701");
        // 6 + 13 × 8 of header, "args" and its zero, filled up to 116.
        assert_eq!(&bytes[54..62], b"00000005");
        assert_eq!(&bytes[94..102], b"00000005");
        assert_eq!(&bytes[110..116], b"args\0\0");
        assert_eq!(&bytes[116..124], b"hello\0\0\0");
        assert_eq!(&bytes[124..130], b"070701");
        assert_eq!(bytes.len() % 4, 0);
        assert!(bytes.windows(11).any(|window| window == b"TRAILER!!!\0"));
    }
}
