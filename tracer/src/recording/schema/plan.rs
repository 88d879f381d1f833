//! How each field of the current records is encoded: what it is compared with.
//!
//! Any plan is correct; these are the ones that were measured to cost little. A block stores the
//! difference between a field and its guess, so a plan says what a field usually equals: a fork
//! uses the pid that its CPU has just allocated, a child has its parent's comm, a task that is
//! released has the numbers that it had before.

mod rules;

use tracer_ebpf::wire::{MAX_UPIDS, NS_KINDS, kind};

use super::{Class, Form, Guess, Plan, Slot, SlotGuess, Tail, Type};
use rules::{ACTOR, Rule, rules};

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
        (
            Type::U64,
            "actor" | "task" | "leader" | "real_parent" | "parent" | "reaper" | "tracer"
            | "child_reaper" | "left" | "right",
        ) => "task",
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
        ruled
            .iter()
            .any(|&(_, rule)| matches!(rule, Rule::Keyed(key, _) | Rule::Same(key) if key == name))
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
        Rule::Previous => Guess::Previous,
        Rule::Same(field) => Guess::Same(index(form, field)?),
        Rule::Keyed(field, name) => Guess::Keyed(index(form, field)?, slot(name)?),
        Rule::Recent(kind, field) => Guess::Recent(kind, index(form_of(kind)?, field)?),
    })
}
