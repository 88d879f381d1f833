//! Gaps in the CPUs' sequence numbers, found at their place.
//!
//! A number is taken before the record is reserved, so a failed reservation leaves a hole. Two
//! harmless things look alike at first: an interrupt between the two steps makes younger numbers
//! come first (a burst of RCU callbacks writes thousands of records before it lets the interrupted
//! program go on), and an interrupt in the midst of taking a number makes twins. So a hole counts as
//! a loss only when its CPU has written on for [`PATIENCE_NS`] or [`PATIENCE`] records, or when the
//! stream ends.

use tracer_ebpf::wire::kind;

use crate::event::{Body, Event, Header, Lost};

/// How long a hole waits for the record that fills it, by the times of its CPU's records.
const PATIENCE_NS: u64 = 1_000_000_000;

/// Records of the same CPU that it waits for at most.
const PATIENCE: u32 = 1 << 16;

/// Holes of one CPU that are waited for at a time; more are losses at once.
const HOLES: usize = 64;

/// Watches the sequence numbers of all CPUs.
#[derive(Clone, Debug, Default)]
pub struct Gaps {
    cpus: Vec<Cpu>,
}

#[derive(Clone, Debug, Default)]
struct Cpu {
    /// The number that comes next; a run's first is 0.
    next: u32,
    last_ts: u64,
    holes: Vec<Hole>,
}

/// Numbers `from .. from + count` that have not come.
#[derive(Clone, Copy, Debug)]
struct Hole {
    from: u32,
    count: u32,
    since: u64,
    behind: Header,
}

impl Gaps {
    /// Takes note of a record, in ring order. Answers the losses that are certain now.
    pub fn note(&mut self, header: &Header, mut lost: impl FnMut(Event)) {
        let index = usize::from(header.cpu);
        if index >= self.cpus.len() {
            self.cpus.resize_with(index + 1, Cpu::default);
        }
        let Some(cpu) = self.cpus.get_mut(index) else { return };
        let ahead = header.seq.wrapping_sub(cpu.next);
        if ahead == 0 {
            cpu.next = cpu.next.wrapping_add(1);
        } else if ahead < 1 << 31 {
            let hole = Hole { from: cpu.next, count: ahead, since: cpu.last_ts, behind: *header };
            cpu.next = header.seq.wrapping_add(1);
            cpu.holes.push(hole);
        } else {
            cpu.fill(header.seq);
        }
        cpu.last_ts = header.ts;
        if !cpu.holes.is_empty() {
            cpu.ripen(header, &mut lost);
        }
    }

    /// Whether a CPU's record behind its first `count` numbers is the next to come: none of those is
    /// on its way, unless another has overtaken it.
    pub fn has_come(&self, cpu: usize, count: u32) -> bool {
        let next = self.cpus.get(cpu).map_or(0, |cpu| cpu.next);
        next.wrapping_sub(count) < 1 << 31
    }

    /// The stream has ended, or everything that was written has been read: what is missing now is
    /// lost.
    pub fn settle(&mut self, mut lost: impl FnMut(Event)) {
        for cpu in &mut self.cpus {
            for hole in cpu.holes.drain(..) {
                lost(hole.event());
            }
        }
    }
}

impl Cpu {
    /// A number came late: its hole shrinks.
    fn fill(&mut self, seq: u32) {
        let Some(at) = self.holes.iter().position(|h| seq.wrapping_sub(h.from) < h.count) else {
            return; // a twin
        };
        let hole = self.holes.remove(at);
        let before = seq.wrapping_sub(hole.from);
        let after = hole.count - before - 1;
        if after > 0 {
            self.holes.insert(at, Hole { from: seq.wrapping_add(1), count: after, ..hole });
        }
        if before > 0 {
            self.holes.insert(at, Hole { count: before, ..hole });
        }
    }

    fn ripen(&mut self, now: &Header, lost: &mut impl FnMut(Event)) {
        while let Some(&hole) = self.holes.first() {
            let later = (PATIENCE..1 << 31).contains(&now.seq.wrapping_sub(hole.behind.seq));
            let old = now.ts.saturating_sub(hole.behind.ts) >= PATIENCE_NS;
            if !later && !old && self.holes.len() <= HOLES {
                break;
            }
            self.holes.remove(0);
            lost(hole.event());
        }
    }
}

impl Hole {
    fn event(&self) -> Event {
        let lost = Lost { cpu: self.behind.cpu, count: u64::from(self.count), since: self.since };
        let header = Header { kind: kind::LOST, ..self.behind };
        Event { header, body: Body::Lost(lost) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Losses (first number behind the gap, count) of a sequence on one CPU.
    fn losses(seqs: &[u32], settle: bool) -> Vec<(u32, u64)> {
        let mut gaps = Gaps::default();
        let mut found = Vec::new();
        let mut sink = |event: Event| {
            if let Body::Lost(lost) = event.body {
                found.push((event.header.seq, lost.count));
            }
        };
        for &seq in seqs {
            gaps.note(&Header { seq, cpu: 3, ..Header::default() }, &mut sink);
        }
        if settle {
            gaps.settle(&mut sink);
        }
        found
    }

    #[test]
    fn a_run_without_holes_has_no_losses() {
        assert_eq!(losses(&[0, 1, 2, 3], true), []);
    }

    #[test]
    fn a_hole_is_a_loss_when_nothing_fills_it() {
        assert_eq!(losses(&[0, 1, 5, 6], false), []);
        assert_eq!(losses(&[0, 1, 5, 6], true), [(5, 3)]);
        let patient: Vec<u32> = [0, 1].into_iter().chain(5..=5 + PATIENCE).collect();
        assert_eq!(losses(&patient, false), [(5, 3)]);
    }

    #[test]
    fn a_hole_grows_old_by_its_cpus_time() {
        let mut gaps = Gaps::default();
        let mut found = Vec::new();
        for (seq, ts) in [(0, 5), (2, 6), (3, 5 + PATIENCE_NS), (4, 6 + PATIENCE_NS)] {
            gaps.note(&Header { seq, ts, ..Header::default() }, |_| found.push(seq));
        }
        assert_eq!(found, [4]);
    }

    #[test]
    fn the_first_records_of_a_run_are_missed_too() {
        assert_eq!(losses(&[2, 3], true), [(2, 2)]);
    }

    #[test]
    fn an_interrupts_record_before_its_elder_is_no_loss() {
        assert_eq!(losses(&[0, 2, 1, 3, 5, 6, 4], true), []);
    }

    #[test]
    fn a_late_record_splits_its_hole() {
        assert_eq!(losses(&[0, 6, 3, 7], true), [(6, 2), (6, 2)]);
    }

    #[test]
    fn what_has_come_is_known_by_the_next_number() {
        let mut gaps = Gaps::default();
        assert!(gaps.has_come(3, 0) && !gaps.has_come(3, 1));
        for seq in 0..2 {
            gaps.note(&Header { seq, cpu: 3, ..Header::default() }, |_| {});
        }
        assert!(gaps.has_come(3, 2) && !gaps.has_come(3, 3) && !gaps.has_come(2, 1));
    }

    #[test]
    fn twins_are_no_loss() {
        assert_eq!(losses(&[0, 1, 1, 2, 2, 3], true), []);
    }

    #[test]
    fn numbers_wrap() {
        let mut gaps = Gaps::default();
        let mut count = 0;
        for seq in [u32::MAX - 1, u32::MAX, 0, 1] {
            // Before the first record everything is missing: only what follows matters here.
            gaps.note(&Header { seq, ..Header::default() }, |_| count += 1);
        }
        gaps.settle(|_| count += 1);
        assert!(count <= 1);
    }
}
