//! The fields of records, by the wire's own schema.

use tracer_ebpf::wire::{Record, SCHEMA, kind};

/// What a field is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The key of an object: another value makes the record one of another object.
    Key,
    /// A number of a task, a group or a session.
    Number,
    /// A level.
    Level,
    /// A namespace: inode number, id.
    Namespace,
    /// A parent, a tracer, a reaper.
    Parent,
    /// A thread group's number.
    Tgid,
    /// An exit code, an errno, what a call returned.
    Code,
    /// A time.
    Time,
    /// A name.
    Name,
    /// Flags, credentials, counts and the like.
    Other,
}

impl Class {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Key,
        Self::Number,
        Self::Level,
        Self::Namespace,
        Self::Parent,
        Self::Tgid,
        Self::Code,
        Self::Time,
        Self::Name,
        Self::Other,
    ];
}

/// One element of one field of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its path: `task.tid`, `upid.nr`.
    pub name: String,
    /// Bytes from the start of the record.
    pub offset: usize,
    /// Bytes of it.
    pub size: usize,
    /// What it is about.
    pub class: Class,
}

/// The name of a kind's record, and the kind.
pub fn name_of(number: u16) -> String {
    const NAMES: [&str; 33] = [
        "?",
        "fork",
        "snapshot",
        "update",
        "snapshot_begin",
        "snapshot_end",
        "alloc_pid",
        "held_pid",
        "alloc_fail",
        "fork_fail",
        "free_pid",
        "change_pid",
        "exchange_tids",
        "exec",
        "rename",
        "exit",
        "release",
        "free_task",
        "cred",
        "ptrace",
        "pid_ns",
        "ns_set",
        "ns_dying",
        "ns_destroy",
        "syscall",
        "detail",
        "lost",
        "proc",
        "census",
        "cgroup_make",
        "cgroup_end",
        "cgroup_found",
        "cgroup_move",
    ];
    NAMES.get(usize::from(number)).map_or_else(|| number.to_string(), |&name| name.to_owned())
}

/// Every field of a record of this kind, with the numbers of its vector.
pub fn fields(number: u16, record: &[u8]) -> Vec<Field> {
    let mut found = Vec::new();
    let Some(form) = SCHEMA.iter().find(|form| form.kinds.contains(&number)) else {
        return found;
    };
    flatten(form, "", 0, &mut found);
    let level = found.iter().find(|field| field.name.ends_with("level")).filter(|_| {
        [kind::FORK, kind::SNAPSHOT, kind::UPDATE, kind::PROC, kind::ALLOC_PID, kind::HELD_PID]
            .contains(&number)
    });
    if let Some(level) = level {
        let count = value(record, level.offset, 4) + 1;
        let upid = SCHEMA.iter().find(|form| form.name == "Upid").unwrap();
        for at in 0..count.min(33) as usize {
            flatten(upid, "upid.", form.size + at * upid.size, &mut found);
        }
    }
    found.retain(|field| field.offset + field.size <= record.len());
    found
}

fn flatten(form: &Record, path: &str, base: usize, out: &mut Vec<Field>) {
    for field in form.fields {
        let (name, offset) = (format!("{path}{}", field.name), base + field.offset);
        if let Some(part) = SCHEMA.iter().find(|part| part.name == field.ty) {
            flatten(part, &format!("{name}."), offset, out);
            continue;
        }
        let (element, count) = element(field.ty);
        if field.name == "pad" || field.name == "kind" {
            continue;
        }
        let size = match element {
            "u8" => 1,
            "u16" => 2,
            "u64" | "i64" => 8,
            _ => 4,
        };
        if field.name == "comm" {
            out.push(Field { class: Class::Name, name, offset, size: 1 });
            continue;
        }
        for at in 0..count {
            let class = class(field.name, form.name, size);
            out.push(Field { name: name.clone(), offset: offset + at * size, size, class });
        }
    }
}

/// The type of a field's elements, and how many.
fn element(ty: &str) -> (&str, usize) {
    let Some(inner) = ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']')) else {
        return (ty, 1);
    };
    let (element, count) = inner.split_once(';').unwrap();
    let count = match count.trim() {
        "NS_KINDS" => 8,
        "RLIMITS" => 16,
        number => number.parse().unwrap(),
    };
    (element.trim(), count)
}

fn class(name: &str, form: &str, size: usize) -> Class {
    match name {
        "ts" | "start" | "since" | "began" => Class::Time,
        "level" => Class::Level,
        "real_parent" | "ppid" | "parent_tgid" | "reaper" | "reaper_tgid" | "tracer"
        | "tracer_tgid" | "child_reaper" => Class::Parent,
        "parent" if form != "PidNs" => Class::Parent,
        "tgid" | "actor_tgid" | "leader" => Class::Tgid,
        "code" | "group_code" | "exit_code" | "errno" | "ret" => Class::Code,
        "ns"
        | "inum"
        | "inums"
        | "ids"
        | "ns_id"
        | "parent"
        | "parent_inum"
        | "user_inum"
        | "user_ns"
        | "user_ns_id"
        | "user_ns_parent"
        | "for_children"
        | "for_children_inum"
        | "time_for_children"
        | "time_for_children_inum" => Class::Namespace,
        "tid" | "actor_tid" | "nr" | "pgid" | "sid" | "old_tid" | "last_pid" => Class::Number,
        "task" | "pid" | "actor" | "pgrp" | "session" | "left" | "right" if size == 8 => Class::Key,
        _ => Class::Other,
    }
}

/// The value of some bytes.
pub fn value(record: &[u8], offset: usize, size: usize) -> u64 {
    let mut bytes = [0; 8];
    let from = record.get(offset..offset + size).unwrap_or(&[]);
    bytes[..from.len()].copy_from_slice(from);
    u64::from_le_bytes(bytes)
}

/// Puts a value into some bytes.
pub fn set(record: &mut [u8], offset: usize, size: usize, value: u64) {
    record[offset..offset + size].copy_from_slice(&value.to_le_bytes()[..size]);
}
