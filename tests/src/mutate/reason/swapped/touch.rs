//! What a record reads, and what it changes.

use std::collections::BTreeSet;

use tracer_ebpf::wire::{kind, ns_reason};

use super::super::{History, all, get, header};

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
pub(super) struct Touch {
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
    pub(super) fn bears_on(&self, other: &Self) -> bool {
        let meets = |one: &Set, other: &Set| !one.is_disjoint(other);
        meets(&self.writes, &other.writes)
            || meets(&self.writes, &other.reads)
            || meets(&self.writes, &other.adds)
            || meets(&self.adds, &other.reads)
    }
}

/// What a record is about; `None` if that is everything.
pub(super) fn touch(history: &History, at: usize) -> Option<Touch> {
    let record = &history.records[at];
    let head = header(record);
    let mut touch = Touch::default();
    touch.write(Space::Order, [head.actor]);
    touch.read(Space::Task, [head.actor]);
    match head.kind {
        kind::FORK | kind::SNAPSHOT | kind::UPDATE => whole(&mut touch, record),
        kind::SNAPSHOT_BEGIN | kind::SNAPSHOT_END | kind::FORK_FAIL => {}
        kind::ALLOC_PID | kind::HELD_PID | kind::ALLOC_FAIL | kind::FREE_PID | kind::CHANGE_PID => {
            number(&mut touch, history, at)?;
        }
        kind::EXCHANGE_TIDS | kind::EXEC | kind::RENAME | kind::CRED | kind::PTRACE => {
            change(&mut touch, history, at);
        }
        kind::EXIT | kind::RELEASE | kind::FREE_TASK => end(&mut touch, history, at),
        kind::PID_NS | kind::NS_SET | kind::NS_DYING | kind::NS_DESTROY => {
            namespace(&mut touch, record);
        }
        kind::SYSCALL => call(&mut touch, history, at)?,
        _ => return None,
    }
    Some(touch)
}

/// A task that is shown whole.
fn whole(touch: &mut Touch, record: &[u8]) {
    use Space::{Exit, Life, Ns, Number, Own, Pid, Session, Task};
    let head = header(record);
    let group = u64::from(header(record).actor_tgid.unsigned_abs());
    let one = |name: &str| [get(record, name)];
    match header(record).kind {
        kind::FORK => {
            touch.write(Task, one("task.task"));
            touch.write(Pid, one("task.pid"));
            touch.write(Number, one("task.tid"));
            relatives(touch, record);
            touch.read(Own, [head.actor]);
            touch.read(Session, [group]);
            touch.read(Life, one("task.tgid"));
            spaces(touch, record);
        }
        kind::SNAPSHOT | kind::UPDATE => {
            for space in [Task, Own, Exit] {
                touch.read(space, one("task.task"));
            }
            touch.read(Pid, one("task.pid"));
            touch.read(Number, one("task.tid"));
            relatives(touch, record);
            touch.read(Session, one("task.tgid"));
            touch.read(Life, one("task.tgid"));
            touch.read(Ns, all(record, "upid.ns").into_iter().chain(one("task.for_children")));
            if head.kind == kind::UPDATE {
                touch.write(Own, one("task.task"));
                touch.write(Session, one("task.tgid"));
            }
        }
        _ => {}
    }
}

/// A number that is given out, held, refused, freed, or gets a member; `None` if its namespaces are
/// unknown.
fn number(touch: &mut Touch, history: &History, at: usize) -> Option<()> {
    use Space::{Count, Dying, Ns, Number, Pid, Session, Task};
    let record = &history.records[at];
    let one = |name: &str| [get(record, name)];
    match header(record).kind {
        kind::ALLOC_PID => {
            touch.write(Pid, one("pid"));
            spaces(touch, record);
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
        _ => {}
    }
    Some(())
}

/// A task that changes.
fn change(touch: &mut Touch, history: &History, at: usize) {
    use Space::{Exit, Life, Number, Order, Own, Pid, Task};
    let record = &history.records[at];
    let group = u64::from(header(record).actor_tgid.unsigned_abs());
    let one = |name: &str| [get(record, name)];
    match header(record).kind {
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
        kind::CRED => touch.write(Own, one("task")),
        kind::PTRACE => {
            touch.write(Own, one("task"));
            for space in [Task, Exit] {
                touch.read(space, [get(record, "task"), get(record, "tracer")]);
            }
        }
        _ => {}
    }
}

/// A task that ends.
fn end(touch: &mut Touch, history: &History, at: usize) {
    use Space::{Dead, Exit, Kids, Life, Order, Own, Pid, Task};
    let record = &history.records[at];
    let group = u64::from(header(record).actor_tgid.unsigned_abs());
    let one = |name: &str| [get(record, name)];
    match header(record).kind {
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
        _ => {}
    }
}

/// A namespace, or those of a task.
fn namespace(touch: &mut Touch, record: &[u8]) {
    use Space::{Count, Dying, Exit, Inum, Ns, Own, Task};
    let one = |name: &str| [get(record, name)];
    match header(record).kind {
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
        _ => {}
    }
}

/// Whether the iterator wrote it.
pub(super) fn is_swept(record: &[u8]) -> bool {
    match header(record).kind {
        kind::SNAPSHOT | kind::SNAPSHOT_BEGIN | kind::SNAPSHOT_END | kind::HELD_PID => true,
        kind::PID_NS | kind::NS_SET => get(record, "reason") == u64::from(ns_reason::SNAPSHOT),
        _ => false,
    }
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
