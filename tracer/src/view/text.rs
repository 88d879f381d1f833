//! The pieces of which lines, tables and drawings are made.

use super::digits::push;
use super::escape;
use crate::model::{NsId, NsKind, PidId, TaskId, World};

/// Appends a pid's numbers, host first: `6427/235/7`.
pub fn vector(world: &World, pid: PidId, out: &mut String) {
    let numbers = &world.pid(pid).numbers;
    if numbers.is_empty() {
        out.push('?');
    }
    for (level, &(_, nr)) in numbers.iter().enumerate() {
        out.push_str(if level == 0 { "" } else { "/" });
        push(nr, out);
    }
}

/// Appends a task's own numbers, host first; only the first one where the rest is unknown.
pub fn task_vector(world: &World, id: TaskId, out: &mut String) {
    let task = world.task(id);
    match task.pid.filter(|&pid| !world.pid(pid).numbers.is_empty()) {
        Some(pid) => vector(world, pid, out),
        None if task.tid == 0 => out.push('?'),
        None => push(task.tid, out),
    }
}

/// Appends a task as `6401 (bash)`.
pub fn who(world: &World, id: TaskId, out: &mut String) {
    let task = world.task(id);
    named(task.tid, &task.comm, out);
}

/// Appends a task's process as `6401 (bash)`: its thread group's number and its leader's name.
pub fn process(world: &World, id: TaskId, out: &mut String) {
    let task = world.task(id);
    let leader = world.task(task.leader.unwrap_or(id));
    named(task.tgid, if leader.tid == task.tgid { &leader.comm } else { &task.comm }, out);
}

fn named(nr: i32, comm: &[u8], out: &mut String) {
    push(nr, out);
    if !escape::name(comm).is_empty() {
        out.push_str(" (");
        escape::comm(comm, out);
        out.push(')');
    }
}

/// Appends a task's real parent as `6401 (bash)`, by its number alone if it is not in the tables.
pub fn parent(world: &World, id: TaskId, out: &mut String) {
    let task = world.task(id);
    match task.real_parent.filter(|&parent| world.task(parent).tgid == task.ppid) {
        Some(parent) => process(world, parent, out),
        None => push(task.ppid, out),
    }
}

/// Appends a cgroup's path, or its id where that is all that is known.
pub fn cgroup(world: &World, id: u64, out: &mut String) {
    if let Some(cgroup) = world.cgroup(id) {
        escape::terminal(&cgroup.path, out);
    } else {
        out.push_str("cgroup ");
        push(id, out);
    }
}

/// Appends a namespace as `/proc/PID/ns` has it: `pid:[4026532398]`.
pub fn space(kind: NsKind, inum: u32, out: &mut String) {
    out.push_str(kind.name());
    out.push_str(":[");
    match inum {
        0 => out.push('?'),
        _ => push(inum, out),
    }
    out.push(']');
}

/// Appends a namespace of the tables.
pub fn namespace(world: &World, id: NsId, out: &mut String) {
    let ns = world.ns(id);
    space(ns.kind, ns.inum, out);
}

/// What a writer writes, as a string of its own.
pub fn made(write: impl FnOnce(&mut String)) -> String {
    let mut out = String::new();
    write(&mut out);
    out
}
