//! Records whose absence nothing shows.

use tracer::coverage::Fact;
use tracer_ebpf::wire::{kind, ns_reason};

use super::{all, get, is_told, key_of, unshown};
use crate::mutate::{History, fault::Mutant, field, history::header};

/// The order in which hooks are attached (tracer/src/kernel/hook.rs).
const ATTACHED: [u16; 19] = [
    kind::FREE_TASK,
    kind::NS_DESTROY,
    kind::FREE_PID,
    kind::RELEASE,
    kind::EXIT,
    kind::NS_DYING,
    kind::PTRACE,
    kind::CRED,
    kind::CHANGE_PID,
    kind::EXCHANGE_TIDS,
    kind::RENAME,
    kind::EXEC,
    kind::NS_SET,
    kind::PID_NS,
    kind::FORK,
    kind::FORK_FAIL,
    kind::ALLOC_PID,
    kind::SYSCALL,
    kind::UPDATE,
];

/// wait4(2) and waitid(2) in the x86-64 table.
const WAITS: [u64; 2] = [61, 247];

/// `PF_FORKNOEXEC` (include/linux/sched.h).
const PF_FORKNOEXEC: u64 = 0x40;

/// Why the history without a record is legal.
pub(super) fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (before, rest) = history.records.split_at(mutant.at);
    let (record, behind) = rest.split_first()?;
    let head = header(record);
    if unattached(before, head.kind) {
        return Some("the hook is attached just behind: nothing that is attached later was told");
    }
    match head.kind {
        kind::FREE_TASK => Some("the tracepoint of the freeing may miss a run, and tells nothing"),
        kind::SNAPSHOT_BEGIN => (!has(before, kind::SNAPSHOT_BEGIN))
            .then_some("the recording may begin amid its first sweep"),
        kind::SNAPSHOT_END => (!has(behind, kind::SNAPSHOT_BEGIN))
            .then_some("the recording may end amid its last sweep"),
        kind::EXEC => exec(history, mutant.at),
        kind::RENAME => unshown(history, mutant).or_else(|| under_way(before, behind, head.actor)),
        kind::HELD_PID => held(history, mutant.at),
        kind::CRED => cred(history, mutant.at),
        kind::FORK_FAIL => fork_fail(before, behind, head.actor),
        kind::ALLOC_FAIL => (next_of(behind, head.actor) == Some(kind::FORK_FAIL))
            .then_some("a fork may fail, with any errno, before it asks for a number"),
        kind::FREE_PID => {
            let pid = get(record, "pid");
            let named = before.iter().chain(behind).any(|other| mentions(other, pid));
            (!named && next_of(behind, head.actor) == Some(kind::ALLOC_FAIL))
                .then_some("alloc_pid may fail before it has published a number")
        }
        kind::NS_DESTROY => {
            // its inode number is free before the record comes
            let again = behind.iter().any(|other| names(other, get(record, "ns")));
            if history.coverage.sees_all(Fact::NsDestroy) {
                (!again).then_some("a file descriptor may hold a PID namespace for any time")
            } else {
                Some("a kprobe of an RCU callback may be skipped")
            }
        }
        kind::PTRACE => ptrace(history, mutant.at),
        kind::CHANGE_PID => {
            let shows = [kind::SNAPSHOT, kind::UPDATE];
            (!is_told(history, mutant.at, &shows, &[kind::CHANGE_PID, kind::EXIT]))
                .then_some("a group or session that nobody reads, and no child inherits")
        }
        kind::FORK => {
            let (task, pid) = (get(record, "task.task"), get(record, "task.pid"));
            let named = |other: &Vec<u8>| mentions(other, task) || mentions(other, pid);
            let counted = has(behind, kind::CENSUS);
            (!counted && !before.iter().chain(behind).any(named))
                .then_some("a fork that nothing else tells of may not have been")
        }
        kind::ALLOC_PID => under_way_since(before, head.actor),
        kind::NS_SET => ns_set(history, mutant.at),
        kind::SYSCALL => WAITS
            .contains(&get(record, "nr"))
            .then_some("a child is reaped without a wait where its parent ignores SIGCHLD"),
        _ => None,
    }
}

fn has(records: &[Vec<u8>], number: u16) -> bool {
    records.iter().any(|record| header(record).kind == number)
}

/// Before the first sweep, and nothing was told yet by this hook or one that is attached later.
fn unattached(before: &[Vec<u8>], number: u16) -> bool {
    let Some(place) = ATTACHED.iter().position(|&kind| kind == number) else { return false };
    let later = |record: &Vec<u8>| {
        let kind = header(record).kind;
        kind == kind::SNAPSHOT_BEGIN || ATTACHED[place..].contains(&kind)
    };
    !before.iter().any(later)
}

/// The fork of somebody of whom nothing has told before.
fn under_way_since(before: &[Vec<u8>], actor: u64) -> Option<&'static str> {
    let known = |other: &Vec<u8>| {
        let born = header(other).kind == kind::FORK && key_of(other) == Some(actor);
        born || header(other).actor == actor
    };
    (!before.iter().any(known))
        .then_some("its fork may have been under way when the hooks were attached")
}

/// The renaming of an exec that was under way when the hooks were attached.
fn under_way(before: &[Vec<u8>], behind: &[Vec<u8>], actor: u64) -> Option<&'static str> {
    let acts = before.iter().any(|record| header(record).actor == actor);
    let born = before.iter().any(|it| header(it).kind == kind::FORK && key_of(it) == Some(actor));
    (!acts && !born && next_of(behind, actor) == Some(kind::EXEC))
        .then_some("its exec may have been under way when the hooks were attached")
}

/// A process that is born while a sweep runs may be shown by it, or not.
fn held(history: &History, at: usize) -> Option<&'static str> {
    let (before, behind) = history.records.split_at(at);
    let (record, behind) = behind.split_first()?;
    let pid = get(record, "pid");
    let begins = |other: &&Vec<u8>| header(other).kind != kind::SNAPSHOT_BEGIN;
    let ends = |other: &&Vec<u8>| header(other).kind != kind::SNAPSHOT_END;
    let before = before.iter().rev().take_while(begins);
    let sweep = before.chain(behind.iter().take_while(ends));
    let same = |other: &Vec<u8>| header(other).kind == kind::HELD_PID && get(other, "pid") == pid;
    let born = |other: &Vec<u8>| {
        let has = ["task.pgrp", "task.session"].iter().any(|name| get(other, name) == pid);
        header(other).kind == kind::FORK && has
    };
    (sweep.clone().any(same) && sweep.clone().any(born))
        .then_some("a process that is born while a sweep runs may be shown by it, or not")
}

/// The kind of an actor's next record.
fn next_of(behind: &[Vec<u8>], actor: u64) -> Option<u16> {
    behind.iter().map(|record| header(record)).find(|head| head.actor == actor).map(|it| it.kind)
}

/// A fork fails without a trace before it asks for a number.
fn fork_fail(before: &[Vec<u8>], behind: &[Vec<u8>], actor: u64) -> Option<&'static str> {
    let last = before.iter().rev().map(|record| header(record)).find(|head| head.actor == actor);
    let mut own = before.iter().rev().filter(|record| header(record).actor == actor);
    let (latest, former) = (own.next(), own.next());
    let allocated = |record: &&Vec<u8>| header(record).kind == kind::ALLOC_PID;
    let asked = last.is_some_and(|head| match head.kind {
        kind::ALLOC_FAIL | kind::ALLOC_PID => true,
        // of its own fork, and not one that it reaps
        kind::FREE_PID => former
            .filter(allocated)
            .zip(latest)
            .is_some_and(|(former, latest)| get(former, "pid") == get(latest, "pid")),
        _ => false,
    });
    if asked && next_of(behind, actor).is_some() {
        return None;
    }
    Some(if asked {
        "the fork's failure may be on its way when the recording ends"
    } else {
        "a fork that fails before it asks for a number leaves no other trace"
    })
}

/// Credentials that nobody reads before the next ones, or nobody has read before.
fn cred(history: &History, at: usize) -> Option<&'static str> {
    let shows = [kind::SNAPSHOT, kind::UPDATE, kind::EXEC];
    if !is_told(history, at, &shows, &[kind::CRED, kind::EXIT]) {
        return Some("credentials that nobody reads before the next ones");
    }
    let key = key_of(&history.records[at])?;
    let known = |other: &Vec<u8>| {
        let tells = [kind::FORK, kind::SNAPSHOT, kind::CRED, kind::EXEC];
        tells.contains(&header(other).kind) && key_of(other) == Some(key)
    };
    (!history.records[..at].iter().any(known))
        .then_some("credentials that nobody has told of before")
}

/// An exec that only `PF_FORKNOEXEC` shows: from the second sweep on that reads it.
fn exec(history: &History, at: usize) -> Option<&'static str> {
    let key = key_of(&history.records[at])?;
    let own = |other: &&Vec<u8>| {
        let known = [kind::FORK, kind::EXEC].contains(&header(other).kind);
        known && key_of(other) == Some(key)
    };
    let first = history.records[..at].iter().rev().find(own);
    if first.is_none_or(|first| header(first).kind != kind::FORK) {
        return Some("PF_FORKNOEXEC alone shows an exec, and is not set since an earlier one");
    }
    let mut sweeps = 0;
    for other in &history.records[at + 1..] {
        let (number, same) = (header(other).kind, key_of(other) == Some(key));
        if same && number == kind::SNAPSHOT && get(other, "task.flags") & PF_FORKNOEXEC == 0 {
            sweeps += 1;
        }
        if same && number == kind::UPDATE
            || sweeps > 0 && header(other).actor == key && number == kind::FORK
        {
            return None;
        }
        if same && [kind::FORK, kind::EXEC, kind::EXIT].contains(&number) {
            break;
        }
    }
    (sweeps < 2).then_some("PF_FORKNOEXEC alone shows an exec, and no two sweeps read it")
}

/// `__ptrace_link` and `__ptrace_unlink`, each told by two functions where both are hooked.
fn ptrace(history: &History, at: usize) -> Option<&'static str> {
    let record = &history.records[at];
    let (task, tracer) = (get(record, "task"), get(record, "tracer"));
    let about = |other: &&Vec<u8>| header(other).kind == kind::PTRACE && get(other, "task") == task;
    let twin = |other: Option<&Vec<u8>>| other.is_some_and(|it| get(it, "tracer") == tracer);
    if twin(history.records[..at].iter().rev().find(about))
        || twin(history.records[at + 1..].iter().find(about))
    {
        return Some("two functions tell of the same link or unlink");
    }
    let shows = [kind::SNAPSHOT, kind::UPDATE];
    if !is_told(history, at, &shows, &[kind::PTRACE, kind::EXIT, kind::RELEASE]) {
        return Some("a tracer that nobody reads before the next one");
    }
    let read = |other: &&Vec<u8>| {
        let known = [kind::SNAPSHOT, kind::FORK].contains(&header(other).kind);
        known && key_of(other) == Some(task)
    };
    let last = history.records[..at].iter().rev().find(read);
    let parent = last.is_some_and(|last| get(last, "task.ppid") == get(record, "tracer_tgid"));
    (tracer != 0 && parent).then_some("the link of PTRACE_TRACEME may be inlined, and is not told")
}

/// The namespaces of a task.
fn ns_set(history: &History, at: usize) -> Option<&'static str> {
    let record = &history.records[at];
    match u32::try_from(get(record, "reason")).ok()? {
        ns_reason::SNAPSHOT => shared(history, at).then_some(
            "a sweep does not show an nsproxy that may be the parent's, or given up by then",
        ),
        ns_reason::ENTER if is_same(history, at) => Some("a call that changes no namespace"),
        ns_reason::ENTER => {
            let shows = [kind::SNAPSHOT, kind::UPDATE, kind::NS_SET];
            (!is_told(history, at, &shows, &[kind::EXIT]))
                .then_some("namespaces that nobody reads, and no child inherits")
        }
        _ => None,
    }
}

/// The namespaces that a record says a task has: by kind with that for its children, and the time
/// namespace of those.
fn set_of(record: &[u8]) -> Option<(Vec<u64>, u64)> {
    let mut inums = match header(record).kind {
        kind::NS_SET if get(record, "flags") == 0 => all(record, "inums"),
        kind::FORK | kind::SNAPSHOT | kind::UPDATE => all(record, "task.ns"),
        _ => return None,
    };
    let task = header(record).kind != kind::NS_SET;
    if task {
        inums[5] = get(record, "task.for_children_inum");
    }
    inums[0] = 0; // that of users is no part of an nsproxy
    let time = if task { "task.time_for_children_inum" } else { "time_for_children" };
    Some((inums, get(record, time)))
}

/// A task enters the namespaces that it has, as was last told.
fn is_same(history: &History, at: usize) -> bool {
    let record = &history.records[at];
    let own = |other: &&Vec<u8>| key_of(other) == key_of(record);
    let before = history.records[..at].iter().rev().filter(own);
    let last = before.filter(|other| header(other).kind != kind::EXEC).find_map(|it| set_of(it));
    last.is_some() && last == set_of(record)
}

/// The task and its parent have the same namespaces, as the sweep's first pass has shown them.
fn shared(history: &History, at: usize) -> bool {
    let record = &history.records[at];
    let shown = |key: u64| {
        let own = move |other: &&Vec<u8>| {
            let known = [kind::SNAPSHOT, kind::FORK].contains(&header(other).kind);
            known && key_of(other) == Some(key)
        };
        history.records[..at].iter().rev().find(own)
    };
    let Some(task) = shown(get(record, "task")) else { return true };
    let Some(above) = shown(get(task, "task.real_parent")) else { return true };
    let [mine, theirs] = [task, above].map(|task| {
        let mut inums = all(task, "task.ns");
        (inums[0], inums[5]) = (0, 0);
        (inums, get(task, "task.for_children"))
    });
    let parent = get(task, "task.real_parent");
    let sweep = |other: &&Vec<u8>| header(other).kind != kind::SNAPSHOT_BEGIN;
    let ends = |other: &&Vec<u8>| header(other).kind != kind::SNAPSHOT_END;
    let before = history.records[..at].iter().rev().take_while(sweep);
    let behind = history.records[at..].iter().take_while(ends);
    let moved = |other: &Vec<u8>| {
        let kinds = [kind::EXIT, kind::NS_SET, kind::UPDATE, kind::RELEASE, kind::EXCHANGE_TIDS];
        let task = get(record, "task");
        kinds.contains(&header(other).kind)
            && (header(other).actor != 0)
            && key_of(other).is_none_or(|key| [task, parent].contains(&key))
    };
    if before.chain(behind).any(moved) {
        return true; // in the midst of the sweep
    }
    let init = all(task, "upid.nr").last() == Some(&1);
    !init && mine == theirs
}

/// Whether a record names a namespace.
fn names(record: &[u8], key: u64) -> bool {
    ["ns", "upid.ns", "for_children"].iter().any(|name| all(record, name).contains(&key))
}

/// Whether a record names an object.
fn mentions(record: &[u8], key: u64) -> bool {
    let fields = field::fields(header(record).kind, record);
    fields.iter().any(|at| at.size == 8 && field::value(record, at.offset, 8) == key)
}
