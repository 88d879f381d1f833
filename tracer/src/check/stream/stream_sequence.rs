//! Rule 65: the numbers of every CPU's records come each once.

use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::{Header, Lost},
};

/// Numbers.
pub(in crate::check) static RULE: Rule = Rule {
    number: 65,
    id: "stream-sequence",
    group: Group::Stream,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The sequence numbers of each CPU's records come without a hole that no loss tells \
                of, no record comes twice, and what one task writes comes in its order. Every record \
                says who acted, but what a sweep or an RCU callback writes.",
    source: "take, emit (the programs), bpf_ringbuf_reserve (kernel/bpf/ringbuf.c)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "an interrupt, or another task, between the taking of a number and the reservation lets \
         younger numbers come first",
        "the same in the midst of taking a number gives it, and those that follow, out twice",
        "a recording that begins in the midst of a run begins with any number",
        "what was on its way when a stream broke off",
    ],
    trips: "a record is missing, and no loss is told",
    near_miss: "a record comes after a younger one that an interrupt wrote",
};

/// Holes of one CPU at a time; many more than a reader has patience for.
const HOLES: usize = 4096;
/// CPUs; numbers of others are not looked at.
const CPUS: usize = 1 << 14;
/// Records of a CPU that are remembered to know a second copy.
const RECENT: usize = 256;

/// Numbers that have not come.
#[derive(Clone, Copy, Debug)]
struct Hole {
    from: u32,
    count: u32,
    /// The number and the actor of the record behind it.
    behind: u32,
    actor: u64,
    /// It is at the very beginning, where the first sweep tells whether there was more.
    head: bool,
}

/// What is remembered of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    ts: u64,
    actor: u64,
    seq: u32,
    kind: u16,
}

impl Seen {
    fn new(header: &Header) -> Self {
        Self { ts: header.ts, actor: header.actor, seq: header.seq, kind: header.kind }
    }
}

#[derive(Clone, Debug, Default)]
struct Cpu {
    begun: bool,
    next: u32,
    holes: Vec<Hole>,
    recent: Vec<Seen>,
}

/// The numbers of all CPUs.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    cpus: Vec<Cpu>,
    /// The generation of the first sweep: 1 says that the stream is whole from its beginning.
    first: Option<u64>,
}

impl State {
    /// A sweep begins.
    pub(super) fn sweep(&mut self, generation: u64) {
        self.first.get_or_insert(generation);
    }

    /// A record comes.
    #[inline]
    pub(super) fn note(&mut self, cx: &mut Cx<'_>) {
        let header = &cx.event.header;
        let index = usize::from(header.cpu);
        if index >= self.cpus.len() {
            if index >= CPUS {
                return;
            }
            self.cpus.resize_with(index + 1, Cpu::default);
        }
        let Some(cpu) = self.cpus.get_mut(index) else { return };
        if cpu.begun && header.seq == cpu.next {
            cx.test_alone(&RULE, true, unreachable);
            cpu.next = header.seq.wrapping_add(1);
        } else {
            cpu.odd(cx, header);
        }
        cpu.keep(header);
    }

    /// A loss is told: the hole is none any more.
    pub(super) fn told(&mut self, header: &Header, lost: &Lost) {
        let Some(cpu) = self.cpus.get_mut(usize::from(lost.cpu)) else { return };
        let is = |hole: &Hole| hole.behind == header.seq && u64::from(hole.count) == lost.count;
        if let Some(at) = cpu.holes.iter().position(is) {
            cpu.holes.remove(at);
        }
    }

    /// Records of no known CPU are missing: every CPU begins anew.
    pub(super) fn torn(&mut self) {
        self.cpus.clear();
        self.first = Some(0);
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        let whole = self.first == Some(1);
        for (index, cpu) in self.cpus.iter().enumerate() {
            for hole in cpu.holes.iter().filter(|hole| whole || !hole.head) {
                missing(cx, index, hole);
            }
        }
    }
}

/// What the text of a test that holds would be.
#[cold]
fn unreachable() -> Finding {
    Finding::new(Subject::record(), "", "")
}

fn missing(cx: &mut Cx<'_>, cpu: usize, hole: &Hole) {
    cx.test_alone(&RULE, false, || {
        let last = hole.from.wrapping_add(hole.count - 1);
        Finding::new(
            Subject::record(),
            format!("the records {} to {last} of CPU {cpu}, or a loss", hole.from),
            format!("record {} came without them", hole.behind),
        )
    });
}

impl Cpu {
    #[inline]
    fn keep(&mut self, header: &Header) {
        if self.recent.is_empty() {
            self.recent = vec![Seen::default(); RECENT];
        }
        if let Some(place) = self.recent.get_mut(header.seq as usize % RECENT) {
            *place = Seen::new(header);
        }
    }

    /// Not the number that was to come.
    #[cold]
    fn odd(&mut self, cx: &mut Cx<'_>, header: &Header) {
        let (seq, head) = (header.seq, !self.begun);
        self.begun = true;
        let ahead = seq.wrapping_sub(self.next);
        if ahead >= 1 << 31 {
            self.late(cx, header);
            return;
        }
        let from = self.next;
        self.next = seq.wrapping_add(1);
        if ahead == 0 {
            return;
        }
        if self.holes.len() >= HOLES {
            let hole = self.holes.remove(0);
            if !hole.head {
                missing(cx, header.cpu.into(), &hole);
            }
        }
        self.holes.push(Hole { from, count: ahead, behind: seq, actor: header.actor, head });
    }

    /// A number that is older than the latest.
    fn late(&mut self, cx: &mut Cx<'_>, header: &Header) {
        let seq = header.seq;
        let fills = |hole: &Hole| seq.wrapping_sub(hole.from) < hole.count;
        let Some(at) = self.holes.iter().position(fills) else {
            let seen = self.recent.get(seq as usize % RECENT).copied();
            cx.test_alone(&RULE, seen != Some(Seen::new(header)), || {
                let observed = format!("record {seq} of CPU {} a second time", header.cpu);
                Finding::new(Subject::record(), "every record once", observed)
            });
            return;
        };
        let hole = self.holes.remove(at);
        // who was interrupted has written nothing meanwhile
        let ordered = header.actor == 0 || header.actor != hole.actor || hole.head;
        cx.test_alone(&RULE, ordered, || {
            Finding::new(
                Subject::record(),
                format!("record {seq} of CPU {} before {}", header.cpu, hole.behind),
                "the same task wrote them the other way round",
            )
        });
        let before = seq.wrapping_sub(hole.from);
        let after = hole.count - before - 1;
        if after > 0 {
            self.holes.insert(at, Hole { from: seq.wrapping_add(1), count: after, ..hole });
        }
        if before > 0 {
            self.holes.insert(at, Hole { count: before, ..hole });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    fn long() -> Script {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exec(child);
        script.end(child);
        script.sweep();
        script
    }

    #[test]
    fn a_record_that_is_missing_trips_it() {
        for at in [1, 7, 9, 12] {
            let mut script = long();
            script.events.remove(at);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_record_that_comes_twice_trips_it() {
        let mut script = long();
        let copy = script.events[9].clone();
        script.events.insert(10, copy);
        script.trips(&RULE);
    }

    #[test]
    fn records_of_one_task_out_of_order_trip_it() {
        let mut script = long();
        let at = script.events.iter().position(|event| event.header.kind == 14).unwrap();
        script.events.swap(at, at + 1);
        script.trips(&RULE);
    }

    #[test]
    fn an_interrupts_record_before_its_elder_does_not() {
        let mut script = long();
        script.fork(10);
        let child = script.fork(10);
        script.end(child);
        script.fork(10);
        let end = script.events.iter().rposition(|event| event.header.kind == 17).unwrap();
        script.events.swap(end, end + 1);
        script.holds(&RULE);
    }

    #[test]
    fn twins_and_told_losses_do_not() {
        let mut script = long();
        let twin = script.events.len() - 3;
        for event in &mut script.events[twin..] {
            event.header.seq -= 1;
        }
        script.holds(&RULE);
        let mut script = long();
        script.events.remove(9);
        let mut behind = script.events[9].clone();
        behind.header.kind = 26;
        behind.body = crate::event::Body::Lost(Lost { cpu: 0, count: 1, since: 0 });
        script.events.push(behind);
        script.is_legal();
    }

    #[test]
    fn a_recording_of_a_later_part_of_a_run_does_not() {
        let mut script = long();
        for event in &mut script.events {
            event.header.seq += 5000;
            if let crate::event::Body::SnapshotBegin(mark) | crate::event::Body::SnapshotEnd(mark) =
                &mut event.body
            {
                mark.generation += 7;
            }
            if let crate::event::Body::Snapshot { generation, .. } = &mut event.body {
                *generation += 7;
            }
        }
        script.holds(&RULE);
    }
}
