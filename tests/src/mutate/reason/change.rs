//! Why a field that has another value is legal all the same: nobody else tells it, or it is free.

use tracer::coverage::Fact;
use tracer_ebpf::wire::kind;

use super::{History, Mutant, field, header, key_of};

/// The kinds of records that tell the members of a task.
const TELLS: [u16; 3] = [kind::FORK, kind::SNAPSHOT, kind::UPDATE];

/// System calls in the x86-64 table, and their arguments that mean nothing.
const IDLE_ARGS: [(u64, &[usize]); 7] = [
    (61, &[1, 2]),     // wait4: where the status goes, options
    (101, &[2]),       // ptrace: an address
    (109, &[2]),       // setpgid
    (112, &[0, 1, 2]), // setsid
    (157, &[2]),       // prctl
    (272, &[1, 2]),    // unshare
    (308, &[0, 2]),    // setns: a file descriptor
];

/// Bytes in front of the arguments of a call.
const ARGS: usize = 40;

/// Why one other value is legal.
pub(super) fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (field, _, new) = mutant.field.as_ref()?;
    let number = header(&history.records[mutant.at]).kind;
    match (number, field.name.as_str()) {
        (kind::RENAME, "comm") | (_, "task.comm") => name(history, mutant),
        (kind::SNAPSHOT | kind::UPDATE, "task.exit_code") => left(history, mutant, *new),
        (kind::FORK, "task.exit_signal") => signal(history, mutant, *new),
        (kind::SYSCALL, "args") => idle(history, mutant),
        (kind::SNAPSHOT, "task.uid" | "task.gid") => credentials(history, mutant.at),
        (
            kind::SNAPSHOT,
            "task.ns"
            | "task.time_for_children_inum"
            | "task.for_children"
            | "task.for_children_inum",
        ) => spaces(history, mutant),
        (kind::PID_NS, "cursor") if (1..1 << 22).contains(new) && is_swept(history, mutant.at) => {
            Some("ns_last_pid sets the cursor at any time")
        }
        (kind::NS_DESTROY, "ns") if *new != 0 => destroyed(history, mutant),
        _ => None,
    }
}

fn value(record: &[u8], name: &str) -> Option<u64> {
    let fields = field::fields(header(record).kind, record);
    let found = fields.iter().find(|field| field.name == name)?;
    Some(field::value(record, found.offset, found.size))
}

/// Whether a sweep wrote it.
fn is_swept(history: &History, at: usize) -> bool {
    value(&history.records[at], "reason") == Some(1)
}

/// Whether a record before tells the same of the task.
fn was_told(history: &History, at: usize, tells: &[u16]) -> bool {
    let key = key_of(&history.records[at]);
    let before = history.records[..at].iter().rev();
    for other in before.filter(|other| key_of(other) == key) {
        let number = header(other).kind;
        if number == kind::FREE_TASK {
            return false;
        }
        if tells.contains(&number) {
            return true;
        }
    }
    false
}

/// Whether a record behind tells the same of the task, or a child's birth does, before one of `until`.
fn is_told(history: &History, at: usize, tells: &[u16], until: &[u16]) -> bool {
    super::is_told(history, at, tells, until)
}

/// A name that one record alone tells.
fn name(history: &History, mutant: &Mutant) -> Option<&'static str> {
    const KERNELS: u64 = 0x0020_4010; // PF_KTHREAD, PF_USER_WORKER, PF_IO_WORKER
    let record = &history.records[mutant.at];
    let number = header(record).kind;
    let shows = [kind::SNAPSHOT, kind::UPDATE, kind::EXEC];
    let names = [kind::FORK, kind::SNAPSHOT, kind::UPDATE, kind::EXEC, kind::RENAME];
    let first = match number {
        kind::RENAME => true,
        kind::FORK => value(record, "task.flags").is_some_and(|flags| flags & KERNELS != 0),
        _ => !was_told(history, mutant.at, &names),
    };
    (first && !is_told(history, mutant.at, &shows, &[kind::RENAME]))
        .then_some("a name that nobody else tells before the next one")
}

/// A signal that a tracer has left, or the exit code of one that nobody has seen exit.
fn left(history: &History, mutant: &Mutant, new: u64) -> Option<&'static str> {
    let record = &history.records[mutant.at];
    let key = key_of(record)?;
    let ended = value(record, "task.exit_state")? != 0 || value(record, "task.flags")? & 4 != 0;
    if ended {
        let codes = [kind::EXIT, kind::SNAPSHOT, kind::RELEASE];
        let told =
            was_told(history, mutant.at, &[kind::EXIT]) || is_told(history, mutant.at, &codes, &[]);
        return (!told && new <= 0xffff).then_some("an exit code that nobody else tells");
    }
    let free = value(record, "task.ptrace")? != 0 || (1..=64).contains(&new);
    let traces = |other: &&Vec<u8>| match header(other).kind {
        kind::PTRACE => key_of(other) == Some(key),
        kind::SYSCALL => value(other, "nr") == Some(101),
        _ => false,
    };
    let swept = |other: &&Vec<u8>| header(other).kind == kind::SNAPSHOT_END;
    let before = &history.records[..mutant.at];
    let old = !before.iter().any(|other| swept(&other));
    let born = was_told(history, mutant.at, &[kind::FORK]);
    let may = before.iter().any(|other| traces(&other)) || old && !born;
    (free && may).then_some("a tracer that has let go leaves a signal there")
}

/// A signal for the parent that every later record tells as well, or that has become `SIGCHLD`.
fn signal(history: &History, mutant: &Mutant, new: u64) -> Option<&'static str> {
    const SIGCHLD: u64 = 17;
    let key = key_of(&history.records[mutant.at])?;
    let mut becomes = false;
    for other in &history.records[mutant.at + 1..] {
        let number = header(other).kind;
        becomes |= number == kind::EXIT; // perhaps of the parent
        if key_of(other) != Some(key) {
            continue;
        }
        becomes |= number == kind::EXEC;
        let shown = value(other, "task.exit_signal").filter(|_| number != kind::FORK);
        if shown.is_some_and(|shown| shown != new && !(becomes && shown == SIGCHLD)) {
            return None;
        }
        if [kind::FORK, kind::FREE_TASK].contains(&number) {
            break;
        }
    }
    (new <= 64)
        .then_some("clone(2) asks for any signal, and an exec or a new parent makes it SIGCHLD")
}

/// An argument that the call does not look at.
fn idle(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (field, ..) = mutant.field.as_ref()?;
    let nr = value(&history.records[mutant.at], "nr")?;
    let at = (field.offset - ARGS) / 8;
    let idle = IDLE_ARGS.iter().any(|&(call, args)| call == nr && args.contains(&at));
    idle.then_some("an argument that changes nothing")
}

/// Credentials that one record alone tells: an exec of a set-uid file changes them, and sweeps read
/// behind their place in the ring.
fn credentials(history: &History, at: usize) -> Option<&'static str> {
    if !history.coverage.sees(Fact::Cred) {
        return Some("no hook tells of a change of credentials");
    }
    let behind = &history.records[at + 1..];
    if !behind.iter().any(|other| header(other).kind == kind::SNAPSHOT_BEGIN) {
        return Some("the last sweep may show credentials that a record behind the stream tells");
    }
    let tells = [kind::FORK, kind::SNAPSHOT, kind::CRED, kind::EXEC];
    let alone = !was_told(history, at, &tells) && !is_told(history, at, &tells, &[kind::EXIT]);
    alone.then_some("credentials that nobody else tells")
}

/// Namespaces that one record alone tells, or that a call changes which ends behind the stream.
fn spaces(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (field, _, new) = mutant.field.as_ref()?;
    let given = field.size == 8 || *new >= 0xf000_0000;
    let behind = &history.records[mutant.at + 1..];
    let last = !behind.iter().any(|other| header(other).kind == kind::SNAPSHOT_BEGIN);
    if given && last && history.coverage.sees(Fact::Syscalls) {
        return Some("the last sweep may show what a call does that ends behind the stream");
    }
    let tells = [&TELLS[..], &[kind::NS_SET]].concat();
    let alone = !was_told(history, mutant.at, &tells)
        && !is_told(history, mutant.at, &tells, &[kind::EXIT]);
    (given && alone).then_some("namespaces that nobody else tells")
}

/// Another PID namespace than the one that was just made: its inode number may have been that of an
/// older one, which nobody knows, and whose memory is freed late.
fn destroyed(history: &History, mutant: &Mutant) -> Option<&'static str> {
    const LATE: u64 = 1_000_000_000;
    let record = &history.records[mutant.at];
    let inum = value(record, "inum");
    let made = history.records[..mutant.at].iter().rev().find(|other| {
        header(other).kind == kind::PID_NS
            && value(other, "inum") == inum
            && value(other, "reason") == Some(2)
    })?;
    (header(made).ts + LATE > header(record).ts)
        .then_some("an unknown namespace may have had the inode number just before")
}
