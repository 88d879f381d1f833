//! The pieces of these texts, from facts that were copied out of the tables.

use super::super::digits::push;
use super::super::{escape, text};
use crate::model::{Certainty, NsKind};
use crate::past::facts::{Identity, Named, Number, Space};

/// Appends numbers, host first: `6427/235/7`.
pub(in crate::view) fn vector(numbers: &[Number], out: &mut String) {
    out.push_str(if numbers.is_empty() { "?" } else { "" });
    for (level, number) in numbers.iter().enumerate() {
        out.push_str(if level == 0 { "" } else { "/" });
        push(number.nr, out);
    }
}

/// Appends numbers with the namespace of each: `6427 in pid:[4026531836], 7 in pid:[…]`.
pub(super) fn levels(numbers: &[Number], out: &mut String) {
    out.push_str(if numbers.is_empty() { "?" } else { "" });
    for (level, number) in numbers.iter().enumerate() {
        out.push_str(if level == 0 { "" } else { ", " });
        push(number.nr, out);
        out.push_str(" in ");
        text::space(NsKind::Pid, number.inum, out);
    }
}

/// Appends a task as `6401 (bash)`.
pub(super) fn task(named: Option<&Named>, out: &mut String) {
    person(named.map(|named| (named.tid, named)), out);
}

/// Appends a process as `6401 (bash)`.
pub(super) fn process(named: Option<&Named>, out: &mut String) {
    person(named.map(|named| (named.tgid, named)), out);
}

fn person(named: Option<(i32, &Named)>, out: &mut String) {
    let Some((nr, named)) = named else {
        out.push('?');
        return;
    };
    push(nr, out);
    if !escape::name(&named.comm).is_empty() {
        out.push_str(" (");
        escape::comm(&named.comm, out);
        out.push(')');
    }
}

/// Appends a namespace as `/proc/PID/ns` has it.
pub(super) fn space(space: &Space, out: &mut String) {
    text::space(space.kind, space.inum, out);
}

/// Appends a process id as JSON has it.
pub(super) fn identity(boot_id: &str, identity: Identity, out: &mut String) {
    match identity.known() {
        Some(identity) => {
            if !boot_id.is_empty() {
                escape::terminal(boot_id.replace('-', "").as_bytes(), out);
                out.push('-');
            }
            push(identity.tid, out);
            out.push('-');
            push(identity.birth, out);
        }
        None => out.push('?'),
    }
}

/// How we know of a task, in words.
pub(super) fn certainty(certainty: Option<Certainty>) -> &'static str {
    match certainty {
        Some(Certainty::Observed) => "its birth was seen",
        Some(Certainty::Snapshot) => "it lived before the recording, a sweep showed it",
        Some(Certainty::Proc) => "it lived before the recording, /proc showed it",
        Some(Certainty::Inferred) => "inferred from an event that names it",
        None => "no task had it",
    }
}
