//! What was read after its place in the stream was reserved, and differs from the tables: it is
//! held until it is explained, or cannot be any more.
//!
//! A hook writes its record before the kernel makes the change, and a record about another task is
//! read after its place was reserved. So a reader may see what a record that follows will tell, but
//! only one that was reserved before the reader's own next record; and it may miss, for a moment,
//! what a record before it has told, which then puts the tables back: such a task is in doubt until
//! a later sweep has read it again.

use std::collections::HashSet;

use super::{Rule, cx::Cx, violation::Finding};
use crate::event::{Body, ns_reason};

/// How long a change may be told and not yet made: the task may be preempted in between.
pub(super) const WINDOW: u64 = 1_000_000_000;

/// Differences that are held; of more, something else is the cause.
const HELD: usize = 64;

/// A difference that may yet be explained.
#[derive(Clone, Debug)]
struct Held {
    rule: &'static Rule,
    /// The key of the task that differs.
    task: u64,
    /// The key of who read it; 0 is a sweep.
    by: u64,
    finding: Finding,
}

/// Changes, and what differs from them.
#[derive(Clone, Debug, Default)]
pub(super) struct Settle {
    /// The keys of tasks that changed lately, and when.
    recent: Vec<(u64, u64)>,
    /// Tasks of which the tables may have what is past.
    doubted: HashSet<u64>,
    held: Vec<Held>,
}

impl Settle {
    /// Goes with every record, before anything else.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        if !self.held.is_empty() {
            self.resolve(cx);
        }
        if !cx.plain && matches!(cx.event.body, Body::Lost(_)) {
            self.lose();
        }
    }

    #[cold]
    fn lose(&mut self) {
        *self = Self::default();
    }

    #[cold]
    fn resolve(&mut self, cx: &mut Cx<'_>) {
        if matches!(cx.event.body, Body::Lost(_)) {
            return;
        }
        let (actor, sweep) = (cx.event.header.actor, is_sweep(&cx.event.body));
        let over = |held: &Held| if held.by == 0 { sweep } else { held.by == actor };
        let (over, held) = std::mem::take(&mut self.held).into_iter().partition(over);
        self.held = held;
        let over: Vec<Held> = over;
        for Held { rule, finding, .. } in over {
            cx.test(rule, false, || finding);
        }
    }

    /// A record tells that a task changes: what differed is explained.
    pub(super) fn changed(&mut self, task: u64, ts: u64) {
        self.recent.retain(|&(_, then)| then.saturating_add(WINDOW) > ts);
        self.recent.push((task, ts));
        if self.held.iter().any(|held| held.task == task) {
            self.held.retain(|held| held.task != task);
            self.doubted.insert(task);
        }
    }

    /// What differed of a task is explained, and it does not matter any more.
    #[inline]
    pub(super) fn explained(&mut self, task: u64) {
        if !self.held.is_empty() {
            self.held.retain(|held| held.task != task);
        }
    }

    /// The tables may have what is past of a task.
    #[inline]
    pub(super) fn doubts(&self, task: u64) -> bool {
        !self.doubted.is_empty() && self.doubted.contains(&task)
    }

    /// The tables may have what is past of some task.
    #[inline]
    pub(super) fn doubts_any(&self) -> bool {
        !self.doubted.is_empty()
    }

    /// A task changed lately.
    #[inline]
    pub(super) fn is_moving(&self, task: u64, ts: u64) -> bool {
        let moved = |&(key, then): &(u64, u64)| key == task && then.saturating_add(WINDOW) > ts;
        !self.recent.is_empty() && self.recent.iter().any(moved)
    }

    /// The tables may have what is past of a task from here on.
    pub(super) fn doubt(&mut self, task: u64) {
        self.doubted.insert(task);
    }

    /// A record shows a task as the tables have it.
    #[inline]
    pub(super) fn agrees(&mut self, task: u64) {
        if !self.doubted.is_empty() {
            self.doubted.remove(&task);
        }
    }

    /// A record shows a task otherwise than the tables have it: that is wrong unless a change has
    /// just been told, or is told until the next record of the reader.
    #[cold]
    pub(super) fn differs(
        &mut self,
        rule: &'static Rule,
        (task, by): (u64, u64),
        ts: u64,
        finding: impl FnOnce() -> Finding,
    ) {
        if self.is_moving(task, ts) {
            self.doubted.insert(task);
        } else if self.held.len() < HELD {
            self.held.push(Held { rule, task, by, finding: finding() });
        }
    }
}

/// Whether the iterators wrote this.
pub(super) fn is_sweep(body: &Body) -> bool {
    match body {
        Body::Snapshot { from_proc, .. } => !from_proc,
        Body::SnapshotBegin(_) | Body::SnapshotEnd(_) | Body::HeldPid(_) => true,
        Body::PidNs(facts) => facts.reason == ns_reason::SNAPSHOT,
        Body::NsSet(facts) => facts.reason == ns_reason::SNAPSHOT,
        _ => false,
    }
}
