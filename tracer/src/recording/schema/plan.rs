//! How each field of the current records is encoded: what it is compared with.
//!
//! Any plan is correct; these are the ones that were measured to cost little. A block stores the
//! difference between a field and its guess, so a plan says what a field usually equals: a fork
//! uses the pid that its CPU has just allocated, a child has its parent's comm, a task that is
//! released has the numbers that it had before.

use tracer_ebpf::wire::{MAX_UPIDS, NS_KINDS, kind};

use super::{Class, Form, Guess, Plan, Slot, SlotGuess, Tail, Type};

/// Kinds that others look at come first.
pub(super) const FIRST: [u16; 9] = [
    kind::ALLOC_PID,
    kind::FORK,
    kind::RENAME,
    kind::EXEC,
    kind::EXIT,
    kind::RELEASE,
    kind::FREE_PID,
    kind::FREE_TASK,
    kind::PID_NS,
];

/// Classes: name and bytes of a value.
const CLASSES: [(&str, u8); 4] = [("task", 8), ("pid", 8), ("ns", 8), ("comm", 16)];

/// What a table's value is compared with, by names.
#[derive(Clone, Copy)]
enum SlotRule {
    Zero,
    Before,
    As(&'static str),
    Through(&'static str, &'static str),
}

use SlotRule::{As, Before, Through, Zero};

/// Slots: name, class of the key, class of the value, elements. A slot refers to earlier ones.
const SLOTS: [(&str, &str, &str, usize, SlotRule); 29] = [
    ("nr", "pid", "", MAX_UPIDS, Before),
    ("ino", "pid", "", 1, Before),
    ("level", "pid", "", 1, Zero),
    ("inum", "ns", "", 1, Zero),
    ("ns_level", "ns", "", 1, Zero),
    ("ns_parent", "ns", "ns", 1, Zero),
    ("child_reaper", "ns", "task", 1, Zero),
    ("ns_id", "ns", "", 1, Zero),
    ("maker", "pid", "task", 1, Zero),
    ("pid", "task", "pid", 1, Before),
    ("tid", "task", "", 1, Through("pid", "nr")),
    ("tgid", "task", "", 1, As("tid")),
    ("parent", "task", "task", 1, Through("pid", "maker")),
    ("pgrp", "task", "pid", 1, Zero),
    ("session", "task", "pid", 1, Zero),
    ("for_children", "task", "ns", 1, Zero),
    ("start", "task", "", 1, Before),
    ("cgroup", "task", "", 1, Zero),
    ("uid", "task", "", 1, Zero),
    ("gid", "task", "", 1, As("uid")),
    ("flags", "task", "", 1, Zero),
    ("bits", "task", "", 1, Zero),
    ("ns", "task", "", NS_KINDS, Zero),
    ("time_for_children", "task", "", 1, Zero),
    ("comm", "task", "comm", 1, Zero),
    ("arg", "task", "", 1, Zero),
    ("code", "task", "", 1, Zero),
    ("child_ns", "task", "ns", MAX_UPIDS, Zero),
    ("exit_signal", "task", "", 1, Zero),
];

/// What a field is compared with, by names.
#[derive(Clone, Copy)]
enum Rule {
    Previous,
    Same(&'static str),
    Keyed(&'static str, &'static str),
    Recent(u16, &'static str),
}

use Rule::{Keyed, Previous, Recent, Same};

type Rules = &'static [(&'static str, Rule)];

/// The numbers of whoever acts.
const ACTOR: Rules = &[
    ("header.actor_tid", Keyed("header.actor", "tid")),
    ("header.actor_tgid", Keyed("header.actor", "tgid")),
];

/// A fork, but for the upids.
const FORK: Rules = &[
    ("header.actor", Recent(kind::ALLOC_PID, "header.actor")),
    ("task.task", Previous),
    ("task.pid", Recent(kind::ALLOC_PID, "pid")),
    ("task.real_parent", Same("header.actor")),
    ("arg", Keyed("header.actor", "arg")),
];

/// A task that is found.
const FOUND: Rules = &[
    ("task.task", Previous),
    ("task.pid", Previous),
    ("task.real_parent", Previous),
    ("arg", Previous),
];

/// What a task record says of a task, given what stands above.
const TASK: Rules = &[
    ("task.leader", Same("task.task")),
    ("task.parent", Same("task.real_parent")),
    ("task.pgrp", Keyed("task.real_parent", "pgrp")),
    ("task.session", Keyed("task.real_parent", "session")),
    ("task.for_children", Keyed("task.real_parent", "for_children")),
    ("task.ino", Keyed("task.pid", "ino")),
    ("task.start", Keyed("task.task", "start")),
    ("task.cgroup", Keyed("task.real_parent", "cgroup")),
    ("task.tid", Keyed("task.pid", "nr")),
    ("task.tgid", Keyed("task.leader", "tid")),
    ("task.ppid", Keyed("task.real_parent", "tgid")),
    ("task.parent_tgid", Keyed("task.parent", "tgid")),
    ("task.pgid", Keyed("task.pgrp", "nr")),
    ("task.sid", Keyed("task.session", "nr")),
    ("task.uid", Keyed("task.real_parent", "uid")),
    ("task.gid", Keyed("task.real_parent", "gid")),
    ("task.flags", Keyed("task.real_parent", "flags")),
    ("task.bits", Keyed("task.real_parent", "bits")),
    ("task.exit_signal", Keyed("header.actor", "exit_signal")),
    ("task.level", Keyed("task.pid", "level")),
    ("task.ns", Keyed("task.real_parent", "ns")),
    ("task.for_children_inum", Keyed("task.for_children", "inum")),
    ("task.time_for_children_inum", Keyed("task.real_parent", "time_for_children")),
    ("task.comm", Keyed("task.real_parent", "comm")),
    ("upid.ns", Keyed("header.actor", "child_ns")),
    ("upid.nr", Keyed("task.pid", "nr")),
    ("upid.inum", Keyed("upid.ns", "inum")),
];

const PID: Rules = &[
    ("pid", Previous),
    ("header.actor", Keyed("pid", "maker")),
    ("ino", Keyed("pid", "ino")),
    ("level", Keyed("pid", "level")),
    ("upid.ns", Keyed("header.actor", "child_ns")),
    ("upid.nr", Keyed("pid", "nr")),
    ("upid.inum", Keyed("upid.ns", "inum")),
];

const RENAME: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("comm", Keyed("task", "comm")),
];

const EXEC: Rules = &[
    ("header.actor", Recent(kind::RENAME, "header.actor")),
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("start", Keyed("task", "start")),
    ("old_tid", Keyed("task", "tid")),
    ("tid", Keyed("task", "tid")),
    ("uid", Keyed("task", "uid")),
    ("gid", Keyed("task", "gid")),
    ("args_total", Same("args_len")),
    ("comm", Keyed("task", "comm")),
];

const EXIT: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("real_parent", Keyed("task", "parent")),
    ("code", Keyed("task", "code")),
    ("ppid", Keyed("real_parent", "tgid")),
    ("reaper_tgid", Keyed("reaper", "tgid")),
];

const RELEASE: Rules = &[
    ("task", Recent(kind::EXIT, "task")),
    ("pid", Keyed("task", "pid")),
    ("real_parent", Keyed("task", "parent")),
    ("header.actor", Same("real_parent")),
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("ppid", Keyed("real_parent", "tgid")),
    ("code", Keyed("task", "code")),
];

const FREE_PID: Rules = &[
    ("header.actor", Recent(kind::RELEASE, "header.actor")),
    ("pid", Recent(kind::RELEASE, "pid")),
    ("ino", Keyed("pid", "ino")),
    ("nr", Keyed("pid", "nr")),
    ("level", Keyed("pid", "level")),
];

const FREE_TASK: Rules = &[("tid", Keyed("task", "tid")), ("tgid", Keyed("task", "tgid"))];

const CHANGE_PID: Rules = &[
    ("task", Same("header.actor")),
    ("pid", Keyed("task", "pid")),
    ("tid", Keyed("task", "tid")),
    ("nr", Keyed("pid", "nr")),
];

const CRED: Rules = &[
    ("task", Same("header.actor")),
    ("user_ns_id", Previous),
    ("uid", Keyed("task", "uid")),
    ("gid", Keyed("task", "gid")),
    ("user_ns", Previous),
    ("user_ns_parent", Previous),
];

const PTRACE: Rules = &[
    ("tid", Keyed("task", "tid")),
    ("tgid", Keyed("task", "tgid")),
    ("tracer_tgid", Keyed("tracer", "tgid")),
];

const PID_NS: Rules = &[
    ("parent", Keyed("ns", "ns_parent")),
    ("child_reaper", Keyed("ns", "child_reaper")),
    ("ns_id", Keyed("ns", "ns_id")),
    ("inum", Keyed("ns", "inum")),
    ("parent_inum", Keyed("parent", "inum")),
    ("level", Keyed("ns", "ns_level")),
];

const NS_SET: Rules = &[
    ("task", Same("header.actor")),
    ("for_children", Keyed("task", "for_children")),
    ("ids", Previous),
    ("inums", Previous),
    ("time_for_children", Keyed("task", "time_for_children")),
];

const NS: Rules = &[("inum", Keyed("ns", "inum")), ("level", Keyed("ns", "ns_level"))];

/// The rules of a kind, in the order of their fields' decoding.
fn rules(kind: u16) -> [Rules; 2] {
    match kind {
        kind::FORK => [FORK, TASK],
        kind::SNAPSHOT | kind::UPDATE | 27 => [FOUND, TASK],
        kind::ALLOC_PID | kind::HELD_PID => [PID, &[]],
        kind::RENAME => [RENAME, &[]],
        kind::EXEC => [EXEC, &[]],
        kind::EXIT => [EXIT, &[]],
        kind::RELEASE => [RELEASE, &[]],
        kind::FREE_PID => [FREE_PID, &[]],
        kind::FREE_TASK => [FREE_TASK, &[]],
        kind::CHANGE_PID => [CHANGE_PID, &[]],
        kind::CRED => [CRED, &[]],
        kind::PTRACE => [PTRACE, &[]],
        kind::PID_NS => [PID_NS, &[]],
        kind::NS_SET => [NS_SET, &[]],
        kind::NS_DYING | kind::NS_DESTROY | kind::ALLOC_FAIL | kind::FORK_FAIL => [NS, &[]],
        _ => [&[], &[]],
    }
}

pub(super) fn classes() -> Vec<Class> {
    CLASSES.iter().map(|&(name, width)| Class { name: name.to_owned(), width }).collect()
}

fn class(name: &str) -> Option<u8> {
    CLASSES.iter().position(|&(known, _)| known == name).map(|at| at as u8)
}

fn slot(name: &str) -> Option<u8> {
    SLOTS.iter().position(|&(known, ..)| known == name).map(|at| at as u8)
}

pub(super) fn slots() -> Vec<Slot> {
    let index = |name| slot(name).unwrap_or(0);
    let slot = |&(name, key, value, count, rule): &(&str, &str, &str, usize, SlotRule)| Slot {
        name: name.to_owned(),
        key: class(key).unwrap_or(0),
        value: class(value),
        count: count as u8,
        guess: match rule {
            Zero => SlotGuess::Zero,
            Before => SlotGuess::Previous,
            As(other) => SlotGuess::Same(index(other)),
            Through(other, then) => SlotGuess::Through(index(other), index(then)),
        },
    };
    SLOTS.iter().map(slot).collect()
}

/// Class of a field, by its name.
fn class_of(kind: u16, name: &str, ty: Type) -> Option<u8> {
    let last = name.rsplit('.').next().unwrap_or(name);
    let word = match (ty, last) {
        (Type::Text, _) => "comm",
        (Type::U64, "parent") if kind == kind::PID_NS => "ns",
        (Type::U64, "actor" | "task" | "leader" | "real_parent" | "parent") => "task",
        (Type::U64, "reaper" | "tracer" | "child_reaper" | "left" | "right") => "task",
        (Type::U64, "pid" | "pgrp" | "session") => "pid",
        (Type::U64, "ns" | "for_children") => "ns",
        _ => return None,
    };
    class(word)
}

/// The plans of a kind: the ruled fields of the fixed part, the others, then those of an item.
pub(super) fn plans<'a>(
    kind: u16,
    form: &Form,
    form_of: &dyn Fn(u16) -> Option<&'a Form>,
) -> Vec<Plan> {
    let ruled: Vec<(&str, Rule)> = rules(kind).into_iter().flatten().copied().collect();
    let items = match &form.tail {
        Tail::Items { fields, .. } => fields.as_slice(),
        _ => &[],
    };
    let all = form.fields.iter().chain(items).enumerate().skip(super::check::PREFIX.len());
    let place = |name: &str| {
        // The acting task comes first where no rule says otherwise, then what the rules say, then
        // what needs an actor only.
        match ruled.iter().position(|&(field, _)| field == name) {
            Some(at) => at + 1,
            None if name == "header.actor" => 0,
            None => usize::MAX,
        }
    };
    let mut order: Vec<(bool, usize, usize)> = all
        .clone()
        .map(|(index, field)| (index >= form.fields.len(), place(&field.name), index))
        .collect();
    // A key that no rule names must stand before the fields that look at it.
    let keyed = |name: &str| {
        ruled.iter().any(|&(_, rule)| matches!(rule, Keyed(key, _) | Same(key) if key == name))
    };
    for (_, place, index) in &mut order {
        let field = form.field(*index as u8);
        if *place == usize::MAX && field.is_some_and(|field| keyed(&field.name)) {
            *place = 0;
        }
    }
    order.sort_unstable();
    let birth = |name: &str| match kind {
        kind::FORK => name == "task.task",
        kind::ALLOC_PID => name == "pid",
        _ => false,
    };
    let plan = |(_, _, index): &(bool, usize, usize)| {
        let field = form.field(*index as u8)?;
        let rule = ruled.iter().chain(ACTOR).find(|(name, _)| *name == field.name);
        Some(Plan {
            field: *index as u8,
            class: class_of(kind, &field.name, field.ty),
            birth: birth(&field.name),
            guess: rule.and_then(|(_, rule)| resolve(*rule, form, form_of)).unwrap_or(Guess::Zero),
        })
    };
    order.iter().filter_map(plan).collect()
}

fn index(form: &Form, name: &str) -> Option<u8> {
    let items = match &form.tail {
        Tail::Items { fields, .. } => fields.as_slice(),
        _ => &[],
    };
    form.fields.iter().chain(items).position(|field| field.name == name).map(|at| at as u8)
}

fn resolve<'a>(
    rule: Rule,
    form: &Form,
    form_of: &dyn Fn(u16) -> Option<&'a Form>,
) -> Option<Guess> {
    Some(match rule {
        Previous => Guess::Previous,
        Same(field) => Guess::Same(index(form, field)?),
        Keyed(field, name) => Guess::Keyed(index(form, field)?, slot(name)?),
        Recent(kind, field) => Guess::Recent(kind, index(form_of(kind)?, field)?),
    })
}
