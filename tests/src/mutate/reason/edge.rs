//! Why a field that has another value is legal at the edges of what is seen: of the stream, of the time
//! before the hooks, and of what calls ask for.

use tracer_ebpf::wire::kind;

use super::{Fault, History, Mutant, header, key_of};
use crate::mutate::field::{self, Class};

/// What a task may still be about while a record of it is written, ns.
const WINDOW: u64 = 1_000_000_000;

/// `PF_*` that some record tells: of exits, workers, execs, signals, kernel threads.
const TOLD: u64 = 0x0060_4454;

/// System calls in the x86-64 table.
const WAIT4: u64 = 61;
const PRCTL: u64 = 157;
const WAITID: u64 = 247;

/// Why one other value is legal.
pub(super) fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let number = header(&history.records[mutant.at]).kind;
    if number == kind::FREE_TASK
        && matches!(mutant.fault, Fault::Retarget | Fault::Change(Class::Key))
    {
        return stranger(history, mutant);
    }
    let (field, old, new) = mutant.field.as_ref()?;
    match (number, field.name.as_str()) {
        (_, "header.ts") => time(history, mutant, (*old, *new)),
        (kind::SNAPSHOT | kind::UPDATE, "task.flags") if (old ^ new) & TOLD == 0 => {
            Some("flags that come and go without a record")
        }
        (kind::PID_NS, "pid_max") if *old != 0 && (0x8000..=1 << 22).contains(new) => {
            Some("kernel.pid_max is set at any time")
        }
        (kind::SYSCALL, "args") => asked(history, mutant, (*old, *new)),
        (kind::ALLOC_FAIL, "allocated") => counted(history, mutant, (*old, *new)),
        _ => None,
    }
}

fn value(record: &[u8], name: &str) -> Option<u64> {
    let fields = field::fields(header(record).kind, record);
    let found = fields.iter().find(|field| field.name == name)?;
    Some(field::value(record, found.offset, found.size))
}

/// The freeing of a task that nothing has named before: it was released before the first sweep, as no
/// grace period has a longest time. That of the other one may miss a run.
fn stranger(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let key = key_of(&mutant.records[mutant.at]).filter(|&key| key != 0)?;
    let names = |record: &Vec<u8>| {
        let fields = field::fields(header(record).kind, record);
        fields.iter().any(|at| at.size == 8 && field::value(record, at.offset, 8) == key)
    };
    (!history.records[..mutant.at].iter().any(names))
        .then_some("a task that was released before the hooks is freed after any time")
}

/// A time of the first or the last record.
fn time(history: &History, mutant: &Mutant, (old, new): (u64, u64)) -> Option<&'static str> {
    let record = &history.records[mutant.at];
    let behind = &history.records[mutant.at + 1..];
    let told = |record: &&Vec<u8>| header(record).kind != kind::CENSUS;
    if new > old && !behind.iter().any(|other| told(&other)) {
        return Some("nothing comes behind the last record that it could be too late for");
    }
    let actor = header(record).actor;
    let own = behind.iter().find(|other| {
        header(other).kind == kind::SNAPSHOT && actor != 0 && key_of(other) == Some(actor)
    });
    let start = own.and_then(|own| value(own, "task.start")).unwrap_or(0);
    (mutant.at == 0 && new < old && new >= start)
        .then_some("nothing comes before the first record that it could be too early for")
}

/// An argument by which the same is asked for.
fn asked(history: &History, mutant: &Mutant, (old, new): (u64, u64)) -> Option<&'static str> {
    const ARGS: usize = 40; // bytes in front of them
    let record = &history.records[mutant.at];
    let at = (mutant.field.as_ref()?.0.offset - ARGS) / 8;
    let same = match (value(record, "nr")?, at) {
        (WAITID, 0) => new <= 3,
        (WAIT4, 0) => new as i32 <= 0 || Some(new) == value(record, "ret"),
        (PRCTL, 1) => old != 0 && new != 0,
        _ => false,
    };
    same.then_some("another way to ask for the same")
}

/// A count that forks in flight are in, or not yet.
fn counted(history: &History, mutant: &Mutant, (old, new): (u64, u64)) -> Option<&'static str> {
    let (record, ts) = (&history.records[mutant.at], header(&history.records[mutant.at]).ts);
    let ns = value(record, "ns")?;
    let near = |other: &&Vec<u8>| {
        let head = header(other);
        head.kind == kind::ALLOC_PID
            && head.ts.abs_diff(ts) < WINDOW
            && head.actor != header(record).actor
            && field::fields(head.kind, other)
                .iter()
                .any(|at| at.name == "upid.ns" && field::value(other, at.offset, 8) == ns)
    };
    let flights = history.records.iter().filter(near).count() as u64;
    (old.abs_diff(new) <= flights).then_some("a fork in flight is counted, or not yet")
}
