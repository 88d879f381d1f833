//! The rows of the tables, each described once for both directions.

use super::super::group::{Group, GroupId};
use super::super::nsproxy::NsProxy;
use super::super::pid::Number;
use super::super::slab::Handle;
use super::super::{
    Certainty, Namespace, NsFate, NsId, NsKind, NsSetId, PidId, PidNamespace, PidState, Task,
    TaskId, TaskState,
};
use super::columns::Columns;
use super::shape::Shapes;
use crate::event::NsKey;
use tracer_ebpf::wire::MAX_UPIDS;

/// A flag of a row's first column.
fn bit(flags: u64, at: u32) -> bool {
    flags >> at & 1 != 0
}

/// One of a closed set of values.
fn one_of<C: Columns, T: Copy>(io: &mut C, code: u64, all: &[T], or: T) -> T {
    all.get(code as usize).copied().unwrap_or_else(|| {
        io.refuse("state");
        or
    })
}

/// A handle that may name nothing.
fn anchor<C: Columns, K: Copy + From<Handle> + Into<Handle>>(
    io: &mut C,
    id: &mut K,
    shape: &super::shape::Shape,
    step: u32,
) {
    let handle: Handle = (*id).into();
    let mut some = (handle != Handle::NONE).then_some(*id);
    io.after(&mut some, shape, step);
    *id = some.unwrap_or(Handle::NONE.into());
}

fn slot<K: Into<Handle>>(id: Option<K>) -> u32 {
    id.map_or(0, |id| {
        let handle: Handle = id.into();
        handle.slot()
    })
}

/// A task as it is written: what is shown of it, and what is not.
pub(super) struct TaskRow {
    pub(super) task: Task,
    /// It is the one that its key finds.
    pub(super) keyed: bool,
    /// It is the one that its number finds, as it has no pid.
    pub(super) loose: bool,
    pub(super) group: Option<GroupId>,
    /// Where it has no group.
    pub(super) pgrp: Option<PidId>,
    pub(super) session: Option<PidId>,
    pub(super) older: Option<TaskId>,
    pub(super) mark: u16,
}

pub(super) fn task<C: Columns>(io: &mut C, id: TaskId, row: &mut TaskRow, shapes: &Shapes) {
    use Certainty::{Inferred, Observed, Proc, Snapshot};
    use TaskState::{Freed, Released, Running, Zombie};
    let TaskRow { task, keyed, loose, group, pgrp, session, older, mark } = row;
    let own = slot(Some(id));
    let flags = [task.parent_inferred, task.kernel, task.vanished, *keyed, *loose];
    let flags = flags.iter().rev().fold(0, |all, &flag| all << 1 | u64::from(flag));
    let flags = io.number(flags << 4 | (task.certainty as u64) << 2 | task.state as u64);
    task.state = one_of(io, flags & 3, &[Running, Zombie, Released, Freed], Running);
    task.certainty = one_of(io, flags >> 2 & 3, &[Observed, Snapshot, Proc, Inferred], Proc);
    task.parent_inferred = bit(flags, 4);
    task.kernel = bit(flags, 5);
    task.vanished = bit(flags, 6);
    *keyed = bit(flags, 7);
    *loose = bit(flags, 8);
    task.key.0 = io.wide(task.key.0);
    io.step32(&mut task.tid);
    io.near32(&mut task.birth_tid, task.tid);
    io.after(&mut task.pid, &shapes.pids, 1);
    io.same(group, &shapes.groups);
    io.same(pgrp, &shapes.pids);
    io.same(session, &shapes.pids);
    io.same(&mut task.real_parent, &shapes.tasks);
    io.step32(&mut task.ppid);
    io.link(older, &shapes.tasks, own);
    io.same(&mut task.tracer, &shapes.tasks);
    io.link(&mut task.creator, &shapes.tasks, slot(task.real_parent));
    io.near32(&mut task.creator_tid, task.ppid);
    io.link(&mut task.reaped_by, &shapes.tasks, slot(task.real_parent));
    io.u64(&mut task.clone_flags);
    io.i32(&mut task.exit_signal);
    io.u32(&mut task.flags);
    for half in task.comm.as_chunks_mut::<8>().0 {
        *half = io.wide(u64::from_le_bytes(*half)).to_le_bytes();
    }
    io.option(&mut task.uid);
    io.option(&mut task.gid);
    io.step(&mut task.cgroup);
    anchor::<_, NsSetId>(io, &mut task.ns_set, &shapes.proxies, 0);
    io.same(&mut task.for_children, &shapes.spaces);
    io.same(&mut task.awaits, &shapes.spaces);
    io.u32(&mut task.time_for_children);
    io.step(&mut task.start);
    io.near(&mut task.birth, task.start);
    io.time(&mut task.exec, task.start);
    io.time(&mut task.exited, task.start);
    io.time(&mut task.released, task.exited);
    io.i32(&mut task.exit_code);
    io.u32(&mut task.run_state);
    io.u32(&mut task.bits);
    io.short(mark);
}

/// A thread group. What it counts is derived.
pub(super) fn group<C: Columns>(io: &mut C, group: &mut Group, shapes: &Shapes) {
    anchor::<_, TaskId>(io, &mut group.leader, &shapes.tasks, 1);
    io.step32(&mut group.tgid);
    io.same(&mut group.pgrp, &shapes.pids);
    io.same(&mut group.session, &shapes.pids);
    let count = io.number(group.threads.len() as u64);
    let mut threads = Vec::new();
    let (place, mut near) = (io.place(), slot(Some(group.leader)));
    for at in 0..count {
        io.go(place);
        let mut thread = group.threads.get(at as usize).copied();
        io.link(&mut thread, &shapes.tasks, near);
        let Some(thread) = thread.filter(|_| !io.failed()) else {
            io.refuse("thread");
            return;
        };
        near = slot(Some(thread));
        threads.push(thread);
    }
    group.threads = threads;
}

/// A pid as it is written. Its users are derived.
pub(super) struct PidRow {
    pub(super) key: u64,
    pub(super) ino: u64,
    pub(super) state: PidState,
    pub(super) task: Option<TaskId>,
    pub(super) allocated: u64,
    pub(super) freed: u64,
    pub(super) mark: u16,
    pub(super) numbers: [Number; MAX_UPIDS],
    pub(super) levels: usize,
}

pub(super) fn pid<C: Columns>(io: &mut C, pid: &mut PidRow, shapes: &Shapes) {
    use PidState::{Allocated, Attached, Freed};
    let state = io.number(pid.state as u64);
    pid.state = one_of(io, state, &[Allocated, Attached, Freed], Freed);
    pid.key = io.wide(pid.key);
    io.step(&mut pid.ino);
    io.after(&mut pid.task, &shapes.tasks, 1);
    io.step(&mut pid.allocated);
    io.time(&mut pid.freed, pid.allocated);
    io.short(&mut pid.mark);
    pid.levels = io.number(pid.levels as u64) as usize;
    if pid.levels > MAX_UPIDS {
        io.refuse("level");
        return;
    }
    let place = io.place();
    for (level, number) in pid.numbers.iter_mut().take(pid.levels).enumerate() {
        io.go(if level == 0 { place } else { place + 3 });
        io.step32(&mut number.1);
        io.same::<NsId>(&mut number.0, &shapes.spaces);
    }
}

/// A namespace. `keyed`: it is the one that its key finds; `numbered`: that its inode number finds.
/// What it counts is derived.
pub(super) fn space<C: Columns>(
    io: &mut C,
    ns: &mut Namespace,
    (keyed, numbered): (&mut bool, &mut bool),
    shapes: &Shapes,
) {
    use NsFate::{Alive, Destroyed, Dying, Held};
    let flags = [ns.fresh, *keyed, *numbered, ns.pid.is_some()];
    let flags = flags.iter().rev().fold(0, |all, &flag| all << 1 | u64::from(flag));
    let flags = io.number(flags << 5 | (ns.kind as u64) << 2 | ns.fate as u64);
    ns.fate = one_of(io, flags & 3, &[Alive, Dying, Held, Destroyed], Destroyed);
    ns.kind = one_of(io, flags >> 2 & 7, &NsKind::ALL, NsKind::Pid);
    ns.fresh = bit(flags, 5);
    *keyed = bit(flags, 6);
    *numbered = bit(flags, 7);
    let mut inum = u64::from(ns.inum);
    io.step(&mut inum);
    ns.inum = io.narrow(inum);
    io.step(&mut ns.ns_id);
    io.step(&mut ns.created);
    io.time(&mut ns.ended, ns.created);
    io.same(&mut ns.creator, &shapes.tasks);
    io.same(&mut ns.owner, &shapes.spaces);
    io.u32(&mut ns.mark);
    if bit(flags, 8) {
        let mut space = ns.pid.take().unwrap_or(PidNamespace::new(NsKey(0), 0, None));
        pid_space(io, &mut space, shapes);
        ns.pid = Some(space);
    }
}

fn pid_space<C: Columns>(io: &mut C, space: &mut PidNamespace, shapes: &Shapes) {
    space.key.0 = io.wide(space.key.0);
    io.u32(&mut space.level);
    io.same(&mut space.parent, &shapes.spaces);
    io.same::<PidId>(&mut space.init, &shapes.pids);
    io.same(&mut space.child_reaper, &shapes.tasks);
    io.u32(&mut space.allocated_read);
    io.u32(&mut space.cursor);
    io.u32(&mut space.pid_max);
}

/// A combination of namespaces.
pub(super) fn proxy<C: Columns>(io: &mut C, proxy: &mut NsProxy, shapes: &Shapes) {
    for (ns, inum) in proxy.kinds.iter_mut().zip(&mut proxy.inums) {
        io.same(ns, &shapes.spaces);
        let mut read = u64::from(*inum);
        io.step(&mut read);
        *inum = io.narrow(read);
    }
}
