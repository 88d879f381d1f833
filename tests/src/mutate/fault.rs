//! One semantic fault in a history.

use std::{collections::BTreeSet, fmt};

use tracer_ebpf::wire::{Lost, Wire, kind};

use super::{
    History,
    field::{self, Class, Field},
    history::{header, is_numbered, set_header},
};
use crate::random::Random;

/// What is done to a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fault {
    /// A record is missing, and nothing tells so.
    Drop,
    /// A record is missing, and a loss is told.
    Lose,
    /// A record comes twice.
    Duplicate,
    /// Two records near each other change places.
    Swap,
    /// What one task did, another one is said to have done.
    Retarget,
    /// One field has another value.
    Change(Class),
    /// A number is given out again while it is in use.
    Reuse,
    /// A task acts after it has been released.
    Resurrect,
    /// A PID namespace gets another init.
    SecondInit,
    /// A task is its own parent, or its child's child.
    Cycle,
}

impl Fault {
    /// All faults.
    pub fn all() -> Vec<Self> {
        let changes = Class::ALL.into_iter().map(Self::Change);
        let plain = [
            Self::Drop,
            Self::Lose,
            Self::Duplicate,
            Self::Swap,
            Self::Retarget,
            Self::Reuse,
            Self::Resurrect,
            Self::SecondInit,
            Self::Cycle,
        ];
        plain.into_iter().chain(changes).collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change(class) => write!(out, "change {}", format!("{class:?}").to_lowercase()),
            Self::SecondInit => write!(out, "second init"),
            other => write!(out, "{}", format!("{other:?}").to_lowercase()),
        }
    }
}

/// A history with one fault.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// Which fault.
    pub fault: Fault,
    /// The place of the record that it was done to, in the history.
    pub at: usize,
    /// The other place, of a swap or of what is put in.
    pub to: usize,
    /// The field that has another value, with the old one and the new one.
    pub field: Option<(Field, u64, u64)>,
    /// What it is now.
    pub records: Vec<Vec<u8>>,
}

/// How far two records that change places are apart at most.
const NEAR: usize = 6;

/// How often a place is looked for that a fault can be done to.
const TRIES: usize = 60;

/// Does a fault to some record whose kind has `kind` in its name; `None` where the history has no
/// place for it.
pub fn mutate(history: &History, fault: Fault, kind: &str, random: &mut Random) -> Option<Mutant> {
    (0..TRIES).find_map(|_| attempt(history, fault, kind, random))
}

fn attempt(history: &History, fault: Fault, kind: &str, random: &mut Random) -> Option<Mutant> {
    let all = &history.records;
    let at = place(all, random)?;
    if !field::name_of(header(&all[at]).kind).contains(kind) {
        return None;
    }
    let record = &all[at];
    let mut mutant = Mutant { fault, at, to: at, field: None, records: Vec::new() };
    match fault {
        Fault::Drop => {
            mutant.records.clone_from(all);
            mutant.records.remove(at);
            renumber(&mut mutant.records, header(record).cpu);
        }
        Fault::Lose => lose(all, &mut mutant),
        Fault::Duplicate => {
            mutant.to = (at + 1 + random.below(NEAR)).min(all.len());
            mutant.records.clone_from(all);
            mutant.records.insert(mutant.to, record.clone());
            renumber(&mut mutant.records, header(record).cpu);
        }
        Fault::Swap => {
            mutant.to = at + 1 + random.below(NEAR);
            let other = all.get(mutant.to).filter(|other| is_numbered(other))?;
            mutant.records.clone_from(all);
            mutant.records.swap(at, mutant.to);
            renumber(&mut mutant.records, header(record).cpu);
            renumber(&mut mutant.records, header(other).cpu);
        }
        Fault::Retarget => retarget(all, &mut mutant, random)?,
        Fault::Change(class) => change(all, &mut mutant, class, random)?,
        Fault::Reuse => reuse(all, &mut mutant, random)?,
        Fault::Resurrect => resurrect(all, &mut mutant, random)?,
        Fault::SecondInit => second_init(all, &mut mutant, random)?,
        Fault::Cycle => cycle(all, &mut mutant, random)?,
    }
    (mutant.records != *all).then_some(mutant)
}

/// The place of some record: every kind as likely as any other, however many there are of it.
fn place(all: &[Vec<u8>], random: &mut Random) -> Option<usize> {
    let from = random.below(all.len());
    let kind = KINDS[random.below(KINDS.len())];
    let order = (from..all.len()).chain(0..from);
    order.into_iter().find(|&at| header(&all[at]).kind == kind)
}

/// The kinds that the kernel writes, but for a task's detail.
const KINDS: [u16; 24] =
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24];

/// Numbers a CPU's records anew, in their order: no gap tells of what was done.
fn renumber(records: &mut [Vec<u8>], cpu: u16) {
    let own = |record: &&mut Vec<u8>| is_numbered(record) && header(record).cpu == cpu;
    let first = records.iter_mut().filter(own).map(|record| header(record).seq).min();
    for (seq, record) in (first.unwrap_or(0)..).zip(records.iter_mut().filter(own)) {
        let header = header(record);
        set_header(record, tracer_ebpf::wire::Header { seq, ..header });
    }
}

/// Numbers every CPU's records anew.
pub fn renumber_all(records: &mut [Vec<u8>]) {
    for cpu in records.iter().map(|it| header(it).cpu).collect::<BTreeSet<u16>>() {
        renumber(records, cpu);
    }
}

/// A record is missing, and the CPU's next one shows it.
fn lose(all: &[Vec<u8>], mutant: &mut Mutant) {
    let gone = header(&all[mutant.at]);
    let own = |record: &&Vec<u8>| is_numbered(record) && header(record).cpu == gone.cpu;
    let before = all[..mutant.at].iter().rfind(own).map_or(0, |record| header(record).ts);
    let behind = all[mutant.at + 1..].iter().position(|record| own(&record));
    let behind = behind.map_or(all.len(), |at| mutant.at + 1 + at);
    let head = all.get(behind).map_or(gone, |record| header(record));
    let head = tracer_ebpf::wire::Header { kind: kind::LOST, ..head };
    let lost = Lost { header: head, since: before, count: 1 };
    let mut bytes = vec![0; Lost::SIZE];
    lost.write(&mut bytes).unwrap();
    mutant.records = all.to_vec();
    mutant.records.insert(behind, bytes);
    mutant.records.remove(mutant.at);
}

fn find(fields: &[Field], name: &str) -> Option<Field> {
    fields.iter().find(|field| field.name == name).cloned()
}

/// Who acts, and on whom.
const IDENTITY: [&str; 7] =
    ["header.actor", "header.actor_tid", "header.actor_tgid", "task", "pid", "tid", "tgid"];

fn retarget(all: &[Vec<u8>], mutant: &mut Mutant, random: &mut Random) -> Option<()> {
    let kind = header(&all[mutant.at]).kind;
    let lives = [kind::EXIT, kind::EXEC, kind::RENAME, kind::RELEASE, kind::FREE_TASK, kind::FORK];
    let other = &all[random.below(all.len())];
    if !lives.contains(&kind) || header(other).kind != kind {
        return None;
    }
    let mut record = all[mutant.at].clone();
    let (own, others) = (field::fields(kind, &record), field::fields(kind, other));
    for name in IDENTITY {
        if let (Some(to), Some(from)) = (find(&own, name), find(&others, name)) {
            field::set(
                &mut record,
                to.offset,
                to.size,
                field::value(other, from.offset, from.size),
            );
        }
    }
    mutant.records = all.to_vec();
    mutant.records[mutant.at] = record;
    Some(())
}

fn change(all: &[Vec<u8>], mutant: &mut Mutant, class: Class, random: &mut Random) -> Option<()> {
    let mut record = all[mutant.at].clone();
    let kind = header(&record).kind;
    let mut fields = field::fields(kind, &record);
    fields.retain(|field| field.class == class);
    if fields.is_empty() {
        return None;
    }
    let at = fields.swap_remove(random.below(fields.len()));
    let old = field::value(&record, at.offset, at.size);
    let new = match class {
        Class::Time => {
            let far = [10_000_000_000, 3_600_000_000_000][random.below(2)];
            if random.below(2) == 0 { old.wrapping_add(far) } else { old.saturating_sub(far) }
        }
        _ => match random.below(4) {
            0 => old.wrapping_add(1),
            1 => old.wrapping_sub(1),
            2 => 0,
            _ => {
                let other = &all[random.below(all.len())];
                let theirs = field::fields(header(other).kind, other);
                let same = find(&theirs, &at.name)?;
                field::value(other, same.offset, same.size)
            }
        },
    };
    let mask = if at.size == 8 { u64::MAX } else { (1 << (8 * at.size)) - 1 };
    if new & mask == old {
        return None;
    }
    field::set(&mut record, at.offset, at.size, new);
    mutant.records = all.to_vec();
    mutant.records[mutant.at] = record;
    mutant.field = Some((at, old, new & mask));
    Some(())
}

/// Another object: its key and its `ino`.
fn renew(record: &mut [u8], random: &mut Random) {
    let fields = field::fields(header(record).kind, record);
    for (name, new) in [("pid", random.next()), ("task.pid", random.next()), ("task.task", 0)] {
        if let Some(at) = find(&fields, name) {
            let new = if new == 0 { random.next() } else { new };
            field::set(record, at.offset, at.size, new | 1);
        }
    }
    if let (Some(task), Some(leader)) = (find(&fields, "task.task"), find(&fields, "task.leader")) {
        let key = field::value(record, task.offset, 8);
        field::set(record, leader.offset, 8, key);
    }
    for name in ["ino", "task.ino"] {
        if let Some(at) = find(&fields, name) {
            let ino = field::value(record, at.offset, 8);
            field::set(record, at.offset, 8, if ino == 0 { 0 } else { ino + 100_000 });
        }
    }
}

fn put(all: &[Vec<u8>], mutant: &mut Mutant, record: Vec<u8>) {
    let cpu = header(&record).cpu;
    mutant.records = all.to_vec();
    mutant.records.insert(mutant.to, record);
    renumber(&mut mutant.records, cpu);
}

fn reuse(all: &[Vec<u8>], mutant: &mut Mutant, random: &mut Random) -> Option<()> {
    let kind = header(&all[mutant.at]).kind;
    if ![kind::ALLOC_PID, kind::FORK].contains(&kind) {
        return None;
    }
    let mut record = all[mutant.at].clone();
    renew(&mut record, random);
    mutant.to = mutant.at + 1;
    put(all, mutant, record);
    Some(())
}

fn resurrect(all: &[Vec<u8>], mutant: &mut Mutant, random: &mut Random) -> Option<()> {
    let ended = &all[mutant.at];
    if header(ended).kind != kind::FREE_TASK {
        return None;
    }
    let fields = field::fields(kind::FREE_TASK, ended);
    let key = field::value(ended, find(&fields, "task")?.offset, 8);
    let acted = |record: &&Vec<u8>| {
        let head = header(record);
        let acts = [kind::EXIT, kind::EXEC, kind::RENAME, kind::FORK, kind::ALLOC_PID];
        head.actor == key && acts.contains(&head.kind)
    };
    let mut record = all[..mutant.at].iter().rfind(acted)?.clone();
    let head = header(&record);
    set_header(&mut record, tracer_ebpf::wire::Header { ts: header(ended).ts, ..head });
    mutant.to = (mutant.at + 1 + random.below(NEAR)).min(all.len());
    put(all, mutant, record);
    Some(())
}

fn second_init(all: &[Vec<u8>], mutant: &mut Mutant, random: &mut Random) -> Option<()> {
    let head = header(&all[mutant.at]);
    if ![kind::ALLOC_PID, kind::FORK].contains(&head.kind) {
        return None;
    }
    let mut record = all[mutant.at].clone();
    let mut fields = field::fields(head.kind, &record);
    fields.retain(|field| field.name == "upid.nr");
    let (first, last) = (fields.first()?.clone(), fields.last()?.clone());
    if fields.len() < 2 || field::value(&record, last.offset, 4) != 1 {
        return None;
    }
    renew(&mut record, random);
    let fresh = 3_000_000 + random.below(1000) as u64;
    field::set(&mut record, first.offset, 4, fresh);
    let fields = field::fields(head.kind, &record);
    for name in ["task.tid", "task.tgid"] {
        if let Some(at) = find(&fields, name) {
            field::set(&mut record, at.offset, 4, fresh);
        }
    }
    mutant.to = (mutant.at + 1 + random.below(NEAR)).min(all.len());
    put(all, mutant, record);
    Some(())
}

fn cycle(all: &[Vec<u8>], mutant: &mut Mutant, random: &mut Random) -> Option<()> {
    let kind = header(&all[mutant.at]).kind;
    if ![kind::FORK, kind::SNAPSHOT, kind::EXIT].contains(&kind) {
        return None;
    }
    let mut record = all[mutant.at].clone();
    let fields = field::fields(kind, &record);
    let get = |name: &str| find(&fields, name);
    let (key, parent) = if kind == kind::EXIT {
        (get("task")?, get("real_parent")?)
    } else {
        (get("task.task")?, get("task.real_parent")?)
    };
    let own = field::value(&record, key.offset, 8);
    // Itself, or somebody who has it as the parent.
    let child = all.iter().skip(mutant.at).find_map(|other| {
        let head = header(other);
        let fields = field::fields(head.kind, other);
        let real_parent = find(&fields, "task.real_parent")?;
        (field::value(other, real_parent.offset, 8) == own)
            .then(|| field::value(other, find(&fields, "task.task").unwrap().offset, 8))
    });
    let new = if random.below(2) == 0 { own } else { child? };
    field::set(&mut record, parent.offset, 8, new);
    mutant.records = all.to_vec();
    mutant.records[mutant.at] = record;
    Some(())
}
