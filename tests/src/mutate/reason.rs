//! Why a history that a fault has altered is legal all the same.

use std::collections::HashSet;

use tracer_ebpf::wire::kind;

use super::{
    Fault, History,
    fault::Mutant,
    field::{self, Class},
    history::header,
};

/// Why an altered history is legal: the kernel could have written it. `None` if it could not, or
/// nobody has found out.
pub fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let record = &history.records[mutant.at];
    match mutant.fault {
        Fault::Swap => swapped(history, mutant),
        _ => field_reason(header(record).kind, mutant),
    }
}

/// Fields that one record alone tells: any value would be as good.
const ONLY_WITNESS: [(u16, &str); 0] = [];

fn field_reason(kind: u16, mutant: &Mutant) -> Option<&'static str> {
    let (field, ..) = mutant.field.as_ref()?;
    let only = ONLY_WITNESS.iter().any(|&(known, name)| known == kind && name == field.name);
    if only {
        return Some("no second witness: any value of this field is legal");
    }
    None
}

/// Records of objects that have nothing to do with each other may come in either order.
fn swapped(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let (first, last) = (mutant.at, mutant.to);
    let touched = |at: usize| tokens(&history.records[at]);
    let (left, right) = (touched(first), touched(last));
    let between = first + 1..last;
    let apart = |one: &HashSet<(u8, u64)>, other: &HashSet<(u8, u64)>| one.is_disjoint(other);
    let free = apart(&left, &right)
        && between.into_iter().all(|at| {
            let middle = touched(at);
            apart(&left, &middle) && apart(&right, &middle)
        });
    free.then_some("records of objects that have nothing to do with each other")
}

/// The objects and numbers that a record names.
fn tokens(record: &[u8]) -> HashSet<(u8, u64)> {
    let number = header(record).kind;
    let mut found = HashSet::new();
    if [kind::SNAPSHOT_BEGIN, kind::SNAPSHOT_END].contains(&number) {
        found.insert((9, 0)); // a sweep's edges belong to all that it shows
    }
    if [kind::SNAPSHOT, kind::HELD_PID, kind::PID_NS, kind::NS_SET].contains(&number) {
        found.insert((9, 0));
    }
    for field in field::fields(number, record) {
        let value = field::value(record, field.offset, field.size);
        if value == 0 {
            continue;
        }
        match field.class {
            Class::Key | Class::Parent | Class::Tgid if field.size == 8 => {
                found.insert((0, value));
            }
            Class::Number | Class::Tgid if field.size == 4 => {
                found.insert((1, value));
            }
            _ => {}
        }
    }
    found
}
