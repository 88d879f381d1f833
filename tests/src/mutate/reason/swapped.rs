//! Which records may come in either order: those that no lock, no task's own order and no cause puts
//! in one.

use std::collections::BTreeSet;

use tracer_ebpf::wire::{kind, ns_reason};

use super::{History, Mutant, all, get, header};

/// What a record can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Space {
    /// What one task does, in its order; that of the iterator is 0's.
    Order,
    /// That a task is, and its numbers.
    Task,
    /// That a task has exited.
    Exit,
    /// What a task is called, may do, sees, and who traces it.
    Own,
    /// A pid.
    Pid,
    /// A PID namespace.
    Ns,
    /// That a PID namespace dies.
    Dying,
    /// How many pids a PID namespace has.
    Count,
    /// The inode number of a PID namespace.
    Inum,
    /// A level-0 number.
    Number,
    /// Who is in a thread group.
    Life,
    /// The process group and session of a thread group.
    Session,
    /// Who of a thread group is released.
    Dead,
    /// Whose children a thread group may reap.
    Kids,
}

type Set = BTreeSet<(Space, u64)>;

/// What a record reads and what it changes; additions may come in either order.
#[derive(Debug, Default)]
struct Touch {
    reads: Set,
    adds: Set,
    writes: Set,
}

impl Touch {
    fn read(&mut self, space: Space, keys: impl IntoIterator<Item = u64>) {
        self.reads.extend(keys.into_iter().filter(|&key| key != 0).map(|key| (space, key)));
    }

    fn write(&mut self, space: Space, keys: impl IntoIterator<Item = u64>) {
        self.writes.extend(keys.into_iter().filter(|&key| key != 0).map(|key| (space, key)));
    }

    fn add(&mut self, space: Space, keys: impl IntoIterator<Item = u64>) {
        self.adds.extend(keys.into_iter().filter(|&key| key != 0).map(|key| (space, key)));
    }

    /// Whether this one's changes bear on what the other is about.
    fn bears_on(&self, other: &Self) -> bool {
        let meets = |one: &Set, other: &Set| !one.is_disjoint(other);
        meets(&self.writes, &other.writes)
            || meets(&self.writes, &other.reads)
            || meets(&self.writes, &other.adds)
            || meets(&self.adds, &other.reads)
    }
}

/// Records of objects that have nothing to do with each other may come in either order.
pub(super) fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (first, last) = (mutant.at, mutant.to);
    let same = |at: usize| held(&history.records[at]);
    if same(first).is_some() && same(first) == same(last) {
        return Some("a sweep shows the same pid once for each process that has it");
    }
    let pairs = (first + 1..=last).map(|at| (first, at));
    let mut pairs = pairs.chain((first + 1..last).map(|at| (at, last)));
    pairs
        .all(|(one, other)| may_change_places(history, one, other))
        .then_some("records of objects that have nothing to do with each other")
}

/// Whether the second record could have come before the first one.
fn may_change_places(history: &History, first: usize, second: usize) -> bool {
    let (Some(one), Some(other)) = (touch(history, first), touch(history, second)) else {
        return false;
    };
    let sweeps = [first, second].map(|at| is_swept(&history.records[at]));
    match sweeps {
        [true, true] => false,
        // What the iterator reads, it reads behind its place in the ring: it may have read what
        // happened before it at this place, but its record before that may not.
        [false, true] => {
            let before = (0..first).rev().find(|&at| is_swept(&history.records[at]));
            let before = before.and_then(|at| touch(history, at)).unwrap_or_default();
            is_seen(history, first, second) && !one.bears_on(&before)
        }
        [true, false] => is_begun(history, first, second) && !other.bears_on(&one),
        [false, false] => !one.bears_on(&other) && !other.bears_on(&one),
    }
}

/// Whether a sweep that begins or ends at `mark` could have done so before what comes `at`.
fn is_seen(history: &History, at: usize, mark: usize) -> bool {
    let (record, number) = (&history.records[at], header(&history.records[mark]).kind);
    let gone = header(record).kind == kind::RELEASE;
    let key = get(record, "task");
    let sweep = history.records[..mark].iter().rev();
    let mut sweep = sweep.take_while(|other| header(other).kind != kind::SNAPSHOT_BEGIN);
    let shows =
        |other: &Vec<u8>| header(other).kind == kind::SNAPSHOT && get(other, "task.task") == key;
    number != kind::SNAPSHOT_END || !gone || sweep.any(shows)
}

/// Whether a sweep that begins at `mark` could have begun behind what comes `at`.
fn is_begun(history: &History, mark: usize, at: usize) -> bool {
    let number = header(&history.records[at]).kind;
    header(&history.records[mark]).kind != kind::SNAPSHOT_BEGIN
        || ![kind::FORK, kind::RELEASE, kind::EXCHANGE_TIDS, kind::FREE_PID].contains(&number)
}

/// Whether the iterator wrote it.
fn is_swept(record: &[u8]) -> bool {
    match header(record).kind {
        kind::SNAPSHOT | kind::SNAPSHOT_BEGIN | kind::SNAPSHOT_END | kind::HELD_PID => true,
        kind::PID_NS | kind::NS_SET => get(record, "reason") == u64::from(ns_reason::SNAPSHOT),
        _ => false,
    }
}

/// The pid that a sweep shows without a task.
fn held(record: &[u8]) -> Option<u64> {
    (header(record).kind == kind::HELD_PID).then(|| get(record, "pid"))
}

/// What a record is about; `None` if that is everything.
fn touch(history: &History, at: usize) -> Option<Touch> {
    use Space::{
        Count, Dead, Dying, Exit, Inum, Kids, Life, Ns, Number, Order, Own, Pid, Session, Task,
    };
    let record = &history.records[at];
    let head = header(record);
    let group = u64::from(head.actor_tgid.unsigned_abs());
    let one = |name: &str| [get(record, name)];
    let mut touch = Touch::default();
    touch.write(Order, [head.actor]);
    touch.read(Task, [head.actor]);
    match head.kind {
        kind::FORK => {
            touch.write(Task, one("task.task"));
            touch.write(Pid, one("task.pid"));
            touch.write(Number, one("task.tid"));
            relatives(&mut touch, record);
            touch.read(Own, [head.actor]);
            touch.read(Session, [group]);
            touch.read(Life, one("task.tgid"));
            spaces(&mut touch, record);
        }
        kind::SNAPSHOT | kind::UPDATE => {
            for space in [Task, Own, Exit] {
                touch.read(space, one("task.task"));
            }
            touch.read(Pid, one("task.pid"));
            touch.read(Number, one("task.tid"));
            relatives(&mut touch, record);
            touch.read(Session, one("task.tgid"));
            touch.read(Life, one("task.tgid"));
            touch.read(Ns, all(record, "upid.ns").into_iter().chain(one("task.for_children")));
            if head.kind == kind::UPDATE {
                touch.write(Own, one("task.task"));
                touch.write(Session, one("task.tgid"));
            }
        }
        kind::SNAPSHOT_BEGIN | kind::SNAPSHOT_END | kind::FORK_FAIL => {}
        kind::ALLOC_PID => {
            touch.write(Pid, one("pid"));
            spaces(&mut touch, record);
            touch.write(Number, all(record, "upid.nr").first().copied());
        }
        kind::HELD_PID => touch.read(Pid, one("pid")),
        kind::ALLOC_FAIL => {
            for space in [Ns, Dying, Count] {
                touch.read(space, one("ns"));
            }
        }
        kind::FREE_PID => {
            touch.write(Pid, one("pid"));
            touch.write(Number, one("nr"));
            let known = vector(history, at, get(record, "pid"))?;
            touch.add(Count, known.iter().copied());
            touch.read(Ns, known);
        }
        kind::CHANGE_PID => {
            touch.read(Task, one("task"));
            touch.write(Session, one("tid"));
            touch.write(Pid, one("pid"));
        }
        kind::EXCHANGE_TIDS => {
            touch.write(Task, [get(record, "left"), get(record, "right")]);
            touch.write(Life, [group]);
        }
        kind::EXEC => {
            let space = if get(record, "old_tid") == get(record, "tid") { Own } else { Task };
            touch.write(space, one("task"));
            touch.write(Own, one("task"));
            touch.read(Pid, one("pid"));
            touch.write(Number, one("old_tid"));
            touch.write(Life, [group]);
            touch.write(Order, maker(history, at));
        }
        kind::RENAME => {
            touch.write(Own, one("task"));
            touch.read(Task, one("task"));
            touch.read(Pid, one("pid"));
        }
        kind::EXIT => {
            touch.write(Exit, one("task"));
            touch.read(Pid, one("pid"));
            touch.read(Task, [get(record, "real_parent"), get(record, "reaper")]);
            touch.read(Exit, one("reaper"));
            touch.read(Exit, left(history, at));
            touch.read(Life, [group]);
            touch.read(Dead, [group]);
            touch.add(Kids, one("ppid"));
            touch.write(Order, maker(history, at));
        }
        kind::RELEASE => {
            touch.write(Task, one("task"));
            touch.read(Exit, one("task"));
            touch.read(Own, one("task"));
            touch.write(Pid, one("pid"));
            touch.read(Task, one("real_parent"));
            touch.read(Exit, one("real_parent"));
            touch.read(Life, one("tgid"));
            touch.write(Dead, one("tgid"));
        }
        kind::FREE_TASK => {
            touch.write(Task, one("task"));
            touch.read(Exit, one("task"));
        }
        kind::CRED => touch.write(Own, one("task")),
        kind::PTRACE => {
            touch.write(Own, one("task"));
            for space in [Task, Exit] {
                touch.read(space, [get(record, "task"), get(record, "tracer")]);
            }
        }
        kind::PID_NS if is_swept(record) => {
            touch.read(Ns, [get(record, "ns"), get(record, "parent")]);
            touch.read(Task, one("child_reaper"));
            touch.read(Exit, one("child_reaper"));
            touch.read(Count, one("ns"));
            touch.read(Dying, one("ns"));
        }
        kind::PID_NS => {
            touch.write(Ns, one("ns"));
            touch.read(Ns, one("parent"));
            touch.write(Inum, one("inum"));
        }
        kind::NS_SET if is_swept(record) => {
            for space in [Task, Own, Exit] {
                touch.read(space, one("task"));
            }
            touch.read(Ns, one("for_children"));
        }
        kind::NS_SET => {
            touch.write(Own, one("task"));
            touch.read(Ns, one("for_children"));
        }
        kind::NS_DYING => touch.write(Dying, one("ns")),
        kind::NS_DESTROY => {
            touch.write(Ns, one("ns"));
            touch.write(Inum, one("inum"));
        }
        kind::SYSCALL => call(&mut touch, history, at)?,
        _ => return None,
    }
    Some(touch)
}

/// The tasks and pids that a task has to do with.
fn relatives(touch: &mut Touch, record: &[u8]) {
    let names = ["task.leader", "task.real_parent", "task.parent"];
    for space in [Space::Task, Space::Exit] {
        touch.read(space, names.map(|name| get(record, name)));
    }
    touch.read(Space::Pid, ["task.pgrp", "task.session"].map(|name| get(record, name)));
}

/// The PID namespaces that a new pid is in: it may be the init of the deepest one.
fn spaces(touch: &mut Touch, record: &[u8]) {
    let found = all(record, "upid.ns");
    touch.add(Space::Count, found.iter().copied());
    if all(record, "upid.nr").last() == Some(&1) {
        touch.write(Space::Ns, found.last().copied());
    }
    touch.read(Space::Dying, found.iter().copied());
    touch.read(Space::Ns, found);
}

/// The parent that a task had and has no more when it exits: it has exited before.
fn left(history: &History, at: usize) -> Option<u64> {
    let record = &history.records[at];
    let shows =
        |other: &&Vec<u8>| is_shown(other) && get(other, "task.task") == get(record, "task");
    let last = history.records[..at].iter().rev().find(shows)?;
    let parent = get(last, "task.real_parent");
    (parent != get(record, "real_parent")).then_some(parent)
}

/// Whether a record shows a whole task.
fn is_shown(record: &[u8]) -> bool {
    [kind::FORK, kind::SNAPSHOT, kind::UPDATE].contains(&header(record).kind)
}

/// The PID namespaces that a pid is in, as the last record says that shows it.
fn vector(history: &History, at: usize, pid: u64) -> Option<Vec<u64>> {
    let shows = |record: &&Vec<u8>| {
        let name = match header(record).kind {
            kind::FORK | kind::SNAPSHOT | kind::UPDATE => "task.pid",
            kind::ALLOC_PID | kind::HELD_PID => "pid",
            _ => return false,
        };
        get(record, name) == pid
    };
    history.records[..at].iter().rev().find(shows).map(|record| all(record, "upid.ns"))
}

/// Who waits until a task executes a program or exits: its maker, in vfork(2).
fn maker(history: &History, at: usize) -> Option<u64> {
    const VFORK: u64 = 0x4000; // CLONE_VFORK
    let key = get(&history.records[at], "task");
    let born =
        |record: &&Vec<u8>| header(record).kind == kind::FORK && get(record, "task.task") == key;
    let fork = history.records[..at].iter().rev().find(born)?;
    (get(fork, "arg") & VFORK != 0).then(|| header(fork).actor)
}

/// What a system call may have done; `None` if that is to another task, and nobody knows which.
fn call(touch: &mut Touch, history: &History, at: usize) -> Option<()> {
    const WAITS: [u64; 2] = [61, 247];
    const PTRACE: u64 = 101;
    const SETPGID: u64 = 109;
    let record = &history.records[at];
    let (nr, head) = (get(record, "nr"), header(record));
    if WAITS.contains(&nr) {
        touch.read(Space::Kids, [u64::from(head.actor_tgid.unsigned_abs())]);
        return Some(());
    }
    let args = all(record, "args");
    let other = match nr {
        PTRACE if args[0] != 0 => args[1],
        SETPGID => args[0],
        _ => 0,
    };
    let (task, group) = if other == 0 {
        (head.actor, u64::from(head.actor_tgid.unsigned_abs()))
    } else {
        named(history, at, other)?
    };
    touch.write(Space::Own, [head.actor, task]);
    touch.write(Space::Session, [group]);
    touch.read(Space::Task, [task]);
    touch.read(Space::Exit, [task]);
    Some(())
}

/// The task, and its thread group, that has a number in the PID namespace of who calls.
fn named(history: &History, at: usize, nr: u64) -> Option<(u64, u64)> {
    let actor = header(&history.records[at]).actor;
    let mut before = history.records[..at].iter().rev().filter(|record| is_shown(record));
    let caller = before.clone().find(|record| get(record, "task.task") == actor)?;
    let ns = all(caller, "upid.ns").last().copied()?;
    let found = before.find(|record| {
        let numbers = all(record, "upid.ns").into_iter().zip(all(record, "upid.nr"));
        numbers.into_iter().any(|number| number == (ns, nr))
    })?;
    Some((get(found, "task.task"), get(found, "task.tgid")))
}
