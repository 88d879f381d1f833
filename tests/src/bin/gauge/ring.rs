//! A look into the ring from outside: the records that lie there, as bytes, without consuming them.

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
    ptr,
};

use anyhow::{Context, Result, ensure};

use crate::{own, records::Records};

/// `BPF_MAP_TYPE_RINGBUF`.
const RINGBUF: &str = "27";
/// The two top bits of a record's length: not yet written, and not to be read.
const BUSY: u32 = 1 << 31;
const DISCARD: u32 = 1 << 30;
/// Length and page offset in front of each record.
const HEADER: usize = 8;

/// Pages of a map, read-only.
struct Pages(*const u8, usize);

impl Pages {
    fn map(fd: BorrowedFd<'_>, offset: usize, len: usize) -> io::Result<Self> {
        let (read, shared) = (libc::PROT_READ, libc::MAP_SHARED);
        // SAFETY: a new mapping, wherever the kernel has room.
        let at = unsafe {
            libc::mmap(ptr::null_mut(), len, read, shared, fd.as_raw_fd(), offset as i64)
        };
        if at == libc::MAP_FAILED {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(at.cast(), len))
        }
    }

    fn word(&self, at: usize) -> u64 {
        assert!(at + 8 <= self.1 && at.is_multiple_of(8), "within the mapping");
        // SAFETY: within the mapping and aligned; the kernel may write it, hence volatile.
        unsafe { ptr::read_volatile(self.0.add(at).cast()) }
    }

    fn bytes(&self, at: usize, len: usize) -> &[u8] {
        assert!(at + len <= self.1, "within the mapping");
        // SAFETY: within the mapping; nobody writes what is committed and not consumed.
        unsafe { std::slice::from_raw_parts(self.0.add(at), len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: our own mapping, and no reference into it is left.
        unsafe { libc::munmap(self.0.cast_mut().cast(), self.1) };
    }
}

/// Copies what lies in the session's ring of `size` bytes.
pub(crate) fn records(size: usize) -> Result<Records> {
    let maps = own::of_kind("bpf-map")?;
    let ring = maps
        .iter()
        .find(|map| {
            map.field("map_type") == Some(RINGBUF)
                && map.field("max_entries") == Some(&size.to_string())
        })
        .context("the session holds no such ring")?;
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let consumer = Pages::map(ring.borrow(), 0, page).context("the consumer's page")?;
    // The data is mapped twice in a row, so that no record is ever cut.
    let producer = Pages::map(ring.borrow(), page, page + 2 * size).context("the ring's pages")?;

    let (mut at, end) = (consumer.word(0) as usize, producer.word(0) as usize);
    let mut records = Records::default();
    while at < end {
        let place = page + at % size;
        let head = producer.word(place) as u32;
        ensure!(head & BUSY == 0, "a record is still being written");
        let len = (head & !DISCARD) as usize;
        if head & DISCARD == 0 {
            records.push(producer.bytes(place + HEADER, len));
        }
        at += (len + HEADER).next_multiple_of(8);
    }
    Ok(records)
}
