//! Why a history that a fault has altered is legal all the same.

mod change;
mod dropped;
mod edge;
mod swapped;

use tracer_ebpf::wire::kind;

use super::{Fault, History, fault::Mutant, field, history::header};

/// Why an altered history is legal: the kernel could have written it. `None` if it could not, or
/// nobody has found out.
pub fn reason(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let record = &history.records[mutant.at];
    match mutant.fault {
        Fault::Swap => swapped::reason(history, mutant),
        Fault::Drop => dropped::reason(history, mutant),
        _ => field_reason(header(record).kind, mutant)
            .or_else(|| edge::reason(history, mutant))
            .or_else(|| unshown(history, mutant))
            .or_else(|| change::reason(history, mutant)),
    }
}

/// A name, an exit code or credentials that nothing shows before they change again.
fn unshown(history: &History, mutant: &Mutant) -> Option<&'static str> {
    let number = header(&history.records[mutant.at]).kind;
    let name = mutant.field.as_ref().map_or("", |(field, ..)| field.name.as_str());
    // a release tells the exit code, and no name
    let shows: &[u16] = match number {
        kind::EXIT => &[kind::SNAPSHOT, kind::UPDATE, kind::EXEC, kind::RELEASE],
        _ => &[kind::SNAPSHOT, kind::UPDATE, kind::EXEC],
    };
    let what = match (number, name) {
        (kind::RENAME, "comm" | "") if mutant.fault != Fault::Retarget => "a name",
        (kind::CRED, "uid" | "gid" | "") if mutant.fault != Fault::Retarget => "credentials",
        (kind::EXIT, "code") => "an exit code",
        _ => return None,
    };
    let told = is_told(history, mutant.at, shows, &[number]);
    (!told).then_some(match what {
        "a name" => "a name that nobody reads before the next one",
        "credentials" => "credentials that nobody reads before the next ones",
        _ => "an exit code that nobody reads",
    })
}

/// The value of a record's field; 0 where it has none.
fn get(record: &[u8], name: &str) -> u64 {
    all(record, name).first().copied().unwrap_or(0)
}

/// All values of a record's fields of this name.
fn all(record: &[u8], name: &str) -> Vec<u64> {
    let fields = field::fields(header(record).kind, record);
    let named = fields.iter().filter(|field| field.name == name);
    named.map(|field| field::value(record, field.offset, field.size)).collect()
}

/// The task that a record is about.
fn key_of(record: &[u8]) -> Option<u64> {
    let fields = field::fields(header(record).kind, record);
    let found = fields.iter().find(|field| field.name == "task" || field.name == "task.task")?;
    Some(field::value(record, found.offset, found.size))
}

/// Whether a later record of one of these kinds shows the task, or its child's birth does, before
/// one of the others.
fn is_told(history: &History, at: usize, shows: &[u16], until: &[u16]) -> bool {
    let Some(key) = key_of(&history.records[at]) else { return true };
    for other in &history.records[at + 1..] {
        let head = header(other);
        if head.kind == kind::FORK && head.actor == key {
            return true;
        }
        if key_of(other) != Some(key) {
            continue;
        }
        if shows.contains(&head.kind) {
            return true;
        }
        if until.contains(&head.kind) || [kind::FREE_TASK, kind::FORK].contains(&head.kind) {
            return false;
        }
    }
    false
}

/// Fields that one record alone tells: any value would be as good.
const ONLY_WITNESS: [(u16, &str); 10] = [
    // any step of copy_process, any security module, may refuse with any errno
    (kind::FORK_FAIL, "errno"),
    // what was asked for has left no other trace
    (kind::FORK_FAIL, "flags"),
    // tasks are moved between cgroups without a record
    (kind::FORK, "task.cgroup"),
    (kind::SNAPSHOT, "task.cgroup"),
    (kind::UPDATE, "task.cgroup"),
    // a task runs and sleeps without a record
    (kind::SNAPSHOT, "task.state"),
    (kind::UPDATE, "task.state"),
    (kind::EXEC, "args_total"),
    (kind::EXEC, "args_len"),
    (kind::EXEC, "filename_len"),
];

fn field_reason(number: u16, mutant: &Mutant) -> Option<&'static str> {
    let (field, _, new) = mutant.field.as_ref()?;
    if number == kind::EXIT && field.name == "group_code" && *new & !0xff == 0 && *new & 0x7f != 0 {
        return Some("a signal may stop a group, or kill it while it exits by itself");
    }
    let only = ONLY_WITNESS.iter().any(|&(known, name)| known == number && name == field.name);
    if only {
        return Some("no second witness: any value of this field is legal");
    }
    None
}
