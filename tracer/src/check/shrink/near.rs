//! Which records are about a violation's subject, or about what they name.

use std::collections::HashSet;

use super::{super::Violation, Records};
use crate::{
    event::{Body, Event, TaskFacts},
    stream,
};

/// The keys of a record.
#[derive(Default)]
struct Keys {
    /// Of what it is about.
    own: Vec<u64>,
    /// Of what it names besides.
    named: Vec<u64>,
}

/// The number of records up to and with the one where a violation was found.
pub(super) fn behind(records: &Records, goal: &Violation) -> Option<usize> {
    let last = goal.events.last()?;
    let mut event = Event::default();
    let found = (0..records.len()).rev().find(|&index| {
        stream::event_into(records.get(index), &mut event);
        let header = &event.header;
        (header.ts, header.cpu, header.seq, header.kind) == (last.ts, last.cpu, last.seq, last.kind)
    });
    Some(found? + 1)
}

/// The smallest of some growing neighbourhoods of the subject that shows the violation; all if none
/// does.
pub(super) fn near(
    records: &Records,
    goal: &Violation,
    all: &[usize],
    shows: &mut dyn FnMut(&[usize]) -> Option<bool>,
) -> Vec<usize> {
    const STEPS: usize = 3;
    let mut known: HashSet<u64> = [goal.subject.key, goal.subject.other].into();
    // What was found wrong, also where it is about another object.
    if let Some(&last) = all.last() {
        known.extend(keys(records.get(last), &mut Event::default()).own);
    }
    known.remove(&0);
    for _ in 0..STEPS {
        for with_named in [false, true] {
            let (kept, named) = select(records, all, &known, with_named);
            if kept.len() < all.len() && shows(&kept) == Some(true) {
                return kept;
            }
            if with_named {
                known.extend(named);
            }
        }
    }
    all.to_vec()
}

/// The records that are about one of these keys, or also those that name one; sweeps begin and end as
/// they did. With all the keys that they name.
fn select(
    records: &Records,
    all: &[usize],
    known: &HashSet<u64>,
    with_named: bool,
) -> (Vec<usize>, HashSet<u64>) {
    let mut event = Event::default();
    let mut found = HashSet::new();
    let mut kept = Vec::new();
    for &index in all {
        let keys = keys(records.get(index), &mut event);
        let mark = matches!(event.body, Body::SnapshotBegin(_) | Body::SnapshotEnd(_));
        let has = |list: &[u64]| list.iter().any(|key| known.contains(key));
        if mark || has(&keys.own) || with_named && has(&keys.named) {
            found.extend(keys.own.into_iter().chain(keys.named).filter(|&key| key != 0));
            kept.push(index);
        }
    }
    (kept, found)
}

/// The keys in a record.
fn keys(record: &[u8], event: &mut Event) -> Keys {
    stream::event_into(record, event);
    let (own, mut named) = match &event.body {
        Body::Fork { task, vector, .. }
        | Body::Snapshot { task, vector, .. }
        | Body::Update { task, vector } => {
            let spaces = vector.iter().map(|upid| upid.ns);
            (vec![task.task, task.pid], of_task(task).into_iter().chain(spaces).collect())
        }
        Body::AllocPid(facts) | Body::HeldPid(facts) => {
            (vec![facts.pid.0], facts.vector.iter().map(|upid| upid.ns).collect())
        }
        Body::FreePid(facts) => (vec![facts.pid], vec![]),
        Body::ChangePid(facts) => (vec![facts.task, facts.pid], vec![]),
        Body::ExchangeTids(facts) => (vec![facts.left, facts.right], vec![]),
        Body::Exec(exec) => (vec![exec.facts.task, exec.facts.pid], vec![]),
        Body::Rename(facts) => (vec![facts.task, facts.pid], vec![]),
        Body::Exit(facts) => (vec![facts.task, facts.pid], vec![facts.real_parent, facts.reaper]),
        Body::Release(facts) => (vec![facts.task, facts.pid], vec![facts.real_parent]),
        Body::FreeTask(facts) => (vec![facts.task], vec![]),
        Body::Cred(facts) => (vec![facts.task], vec![]),
        Body::Ptrace(facts) => (vec![facts.task], vec![facts.tracer]),
        Body::PidNs(facts) => (vec![facts.ns], vec![facts.parent, facts.child_reaper]),
        Body::NsSet(facts) => (vec![facts.task], vec![facts.for_children]),
        Body::NsDying(facts) | Body::NsDestroy(facts) => (vec![facts.ns], vec![]),
        Body::AllocFail(facts) => (vec![facts.ns], vec![]),
        Body::ForkFail(facts) => (vec![facts.ns], vec![]),
        _ => (vec![], vec![]),
    };
    named.push(event.header.actor);
    Keys { own, named }
}

fn of_task(task: &TaskFacts) -> [u64; 6] {
    [task.leader, task.real_parent, task.parent, task.pgrp, task.session, task.for_children]
}
