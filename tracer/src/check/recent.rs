//! The latest records in brief: what a violation's evidence is found in.

use super::Subject;
use tracer_ebpf::wire::kind;

use crate::event::{Body, Event};

/// How many records are remembered.
const KEPT: usize = 1 << 14;

/// Records that a violation names at most.
const SHOWN: usize = 6;

/// One record of the stream, in brief.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sighting {
    /// Its place in the stream, counted from 0.
    pub index: u64,
    /// Its time, ns since boot.
    pub ts: u64,
    /// Its CPU.
    pub cpu: u16,
    /// One of [`kind`].
    pub kind: u16,
    /// Its number on its CPU.
    pub seq: u32,
    /// Level-0 number of who acted.
    pub actor_tid: i32,
    /// The key of the object that it is about, or of who acted.
    object: u64,
    /// The key of the pid that it is about.
    pid: u64,
}

/// The latest records.
#[derive(Clone, Debug)]
pub(super) struct Recent {
    ring: Vec<Sighting>,
    next: u64,
    /// What the very latest record is about.
    keys: (u64, u64),
}

impl Recent {
    pub(super) fn new() -> Self {
        Self { ring: vec![Sighting::default(); KEPT], next: 0, keys: (0, 0) }
    }

    /// How many records there were.
    pub(super) fn count(&self) -> u64 {
        self.next
    }

    /// The keys of the object and of the pid that the latest record is about; 0 for none.
    #[inline]
    pub(super) fn keys(&self) -> (u64, u64) {
        self.keys
    }

    /// Takes note of a record.
    #[inline]
    pub(super) fn note(&mut self, event: &Event) {
        let header = &event.header;
        let (object, pid) = keys(&event.body);
        self.keys = (object, pid);
        let object = if object == 0 { header.actor } else { object };
        let slot = self.next as usize % KEPT;
        if let Some(place) = self.ring.get_mut(slot) {
            *place = Sighting {
                index: self.next,
                ts: header.ts,
                cpu: header.cpu,
                kind: header.kind,
                seq: header.seq,
                actor_tid: header.actor_tid,
                object,
                pid,
            };
        }
        self.next += 1;
    }

    /// How many of the latest records are births after a time.
    pub(super) fn births_after(&self, ts: u64) -> u64 {
        let births = |sighting: &&Sighting| sighting.kind == kind::FORK && sighting.ts > ts;
        self.ring.iter().filter(births).count() as u64
    }

    /// The latest records about a subject, oldest first; the very latest record is always the last.
    pub(super) fn about(&self, subject: &Subject) -> Vec<Sighting> {
        let oldest = self.next.saturating_sub(KEPT as u64);
        let at = |index: u64| self.ring.get(index as usize % KEPT).copied();
        let named = |key: u64, sighting: &Sighting| {
            key != 0 && (sighting.object == key || sighting.pid == key)
        };
        let mut shown: Vec<Sighting> = Vec::new();
        for index in (oldest..self.next).rev() {
            let Some(sighting) = at(index) else { continue };
            let latest = index + 1 == self.next;
            if latest || named(subject.key, &sighting) || named(subject.other, &sighting) {
                shown.push(sighting);
            }
            if shown.len() == SHOWN {
                break;
            }
        }
        shown.reverse();
        shown
    }
}

/// The keys of the object and of the pid that a record is about; 0 for none.
#[inline]
fn keys(body: &Body) -> (u64, u64) {
    match body {
        Body::Fork { task, .. } | Body::Snapshot { task, .. } | Body::Update { task, .. } => {
            (task.task, task.pid)
        }
        Body::AllocPid(facts) | Body::HeldPid(facts) => (0, facts.pid.0),
        Body::FreePid(facts) => (0, facts.pid),
        Body::ChangePid(facts) => (facts.task, facts.pid),
        Body::ExchangeTids(facts) => (facts.left, 0),
        Body::Exec(exec) => (exec.facts.task, exec.facts.pid),
        Body::Rename(facts) => (facts.task, facts.pid),
        Body::Exit(facts) => (facts.task, facts.pid),
        Body::Release(facts) => (facts.task, facts.pid),
        Body::FreeTask(facts) => (facts.task, 0),
        Body::Cred(facts) => (facts.task, 0),
        Body::Ptrace(facts) => (facts.task, 0),
        Body::PidNs(facts) => (facts.ns, 0),
        Body::NsSet(facts) => (facts.task, 0),
        Body::NsDying(facts) | Body::NsDestroy(facts) => (facts.ns, 0),
        Body::AllocFail(facts) => (0, facts.ns),
        _ => (0, 0),
    }
}
