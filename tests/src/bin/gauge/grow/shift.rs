//! A storm that happens again: the same records, later.

use std::{
    collections::{BTreeMap, HashSet},
    mem::offset_of,
};

use tracer::event::Header;
use tracer_ebpf::wire::{Exec, FreePid, PidRecord, Task, TaskRecord, Wire, kind};

use crate::records::Records;

/// Makes cookies that no kernel object has, which are as random as theirs.
const OTHER: u64 = 0xa5c3_9e17_4b60_d28f;

/// Gives objects other cookies wherever records name them: the present ones may be in use by those
/// that outlive the storm.
pub(crate) fn rename(records: &mut Records, cookies: &HashSet<u64>) {
    records.each_mut(|record| {
        let words = record[offset_of!(Header, actor)..].chunks_exact_mut(8);
        for word in words {
            let cookie = word.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            // They are 64 random bits: nothing else looks like one.
            if cookies.contains(&cookie) {
                word.copy_from_slice(&(cookie ^ OTHER).to_le_bytes());
            }
        }
    });
}

/// What moves from one time to the next. Cookies and numbers stay: all that had them is gone when
/// the storm begins again, and the kernel uses both again, too.
#[derive(Debug)]
pub(crate) struct Shift {
    ns: u64,
    inos: u64,
    /// Sequence numbers of each CPU.
    seqs: BTreeMap<u16, u32>,
}

impl Shift {
    /// By as much as one storm takes.
    pub(crate) fn of(records: &mut Records) -> Self {
        let (mut ts, mut inos) = (Span::default(), Span::default());
        let mut seqs = BTreeMap::<u16, Span>::new();
        records.each_mut(|record| {
            let Some(header) = Header::read(record) else { return };
            ts.take(header.ts);
            seqs.entry(header.cpu).or_default().take(header.seq.into());
            if let Some(ino) = ino(header.kind).and_then(|at| word(record, at)).filter(|&n| n > 0) {
                inos.take(ino);
            }
        });
        let seqs = seqs.into_iter().map(|(cpu, span)| (cpu, span.len() as u32)).collect();
        Self { ns: ts.len(), inos: inos.len(), seqs }
    }

    /// Moves all records.
    pub(crate) fn apply(&self, records: &mut Records) {
        records.each_mut(|record| {
            let Some(header) = Header::read(record) else { return };
            add(record, offset_of!(Header, ts), self.ns);
            let seq = header.seq.wrapping_add(self.seqs.get(&header.cpu).copied().unwrap_or(0));
            let at = offset_of!(Header, seq);
            record[at..at + 4].copy_from_slice(&seq.to_le_bytes());
            if let Some(at) = start(header.kind) {
                add(record, at, self.ns);
            }
            if let Some(at) = ino(header.kind) {
                add(record, at, self.inos);
            }
        });
    }
}

/// Where a kind has its task's start time.
fn start(of: u16) -> Option<usize> {
    match of {
        kind::FORK | kind::UPDATE => Some(offset_of!(TaskRecord, task) + offset_of!(Task, start)),
        kind::EXEC => Some(offset_of!(Exec, start)),
        _ => None,
    }
}

/// Where a kind has its pid's inode number, which is never used again.
fn ino(of: u16) -> Option<usize> {
    match of {
        kind::FORK | kind::UPDATE => Some(offset_of!(TaskRecord, task) + offset_of!(Task, ino)),
        kind::ALLOC_PID => Some(offset_of!(PidRecord, ino)),
        kind::FREE_PID => Some(offset_of!(FreePid, ino)),
        _ => None,
    }
}

fn word(record: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*record.get(at..)?.first_chunk()?))
}

/// Adds to a number; 0 is none.
fn add(record: &mut [u8], at: usize, more: u64) {
    if let Some(old) = word(record, at).filter(|&old| old > 0) {
        record[at..at + 8].copy_from_slice(&(old + more).to_le_bytes());
    }
}

/// From the lowest to the highest of some numbers.
#[derive(Debug)]
struct Span(u64, u64);

impl Default for Span {
    fn default() -> Self {
        Self(u64::MAX, 0)
    }
}

impl Span {
    fn take(&mut self, number: u64) {
        *self = Self(self.0.min(number), self.1.max(number));
    }

    fn len(&self) -> u64 {
        self.1.saturating_add(1).saturating_sub(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(ts: u64, seq: u32, task: u64) -> Exec {
        let header = Header { ts, seq, kind: kind::EXEC, actor: task, ..Header::default() };
        Exec { header, task, start: ts / 2, ..Exec::default() }
    }

    fn records(execs: &[Exec]) -> Records {
        let mut records = Records::default();
        for exec in execs {
            let mut bytes = [0; Exec::SIZE];
            exec.write(&mut bytes).unwrap();
            records.push(&bytes);
        }
        records
    }

    #[test]
    fn the_second_time_begins_behind_the_first() {
        let mut all = records(&[exec(100, 5, 1), exec(140, 9, 1)]);
        Shift::of(&mut all).apply(&mut all);
        let moved: Vec<Exec> = all.iter().filter_map(Exec::read).collect();
        let later = |start, exec| Exec { start, ..exec };
        assert_eq!(moved, [later(91, exec(141, 10, 1)), later(111, exec(181, 14, 1))]);
    }

    #[test]
    fn only_the_lives_cookies_are_renamed() {
        let mut all = records(&[exec(100, 5, 0x77), exec(140, 9, 0x78)]);
        rename(&mut all, &HashSet::from([0x77]));
        let found: Vec<Exec> = all.iter().filter_map(Exec::read).collect();
        assert_eq!(found, [exec(100, 5, 0x77 ^ OTHER), exec(140, 9, 0x78)]);
    }
}
