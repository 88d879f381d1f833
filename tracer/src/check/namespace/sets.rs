//! Part of rule 62: what the two passes of a sweep say of a task's namespaces.
//!
//! The second pass reads a task again. Where it differs from the first, the task has changed its
//! namespaces in between: a record of that comes, at the latest, before the next sweep has ended.

use super::setns_unshare::{PLAIN, RULE, inum_of, of};
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    event::{Body, NsSet, ns_reason},
    model::{NsKind, World},
};

/// Tasks that wait for their explanation, at most.
const KEPT: usize = 1024;

/// What the sweeps say.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    /// Tasks that differ, and when.
    odd: Vec<(u64, u64)>,
    /// When the last sweep began.
    begun: u64,
    /// Which kinds of namespaces there are here.
    kinds: Option<[bool; 8]>,
}

impl Sets {
    /// Goes with every record: what explains a difference, and when none can come any more.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        match &cx.event.body {
            Body::SnapshotBegin(_) => self.begun = cx.event.header.ts,
            _ if self.odd.is_empty() => {}
            Body::Lost(_) => self.odd.clear(),
            Body::SnapshotEnd(_) => self.judge(cx),
            Body::Update { task, .. } | Body::Fork { task, .. } => self.explained(task.task),
            Body::Exec(exec) => self.explained(exec.facts.task),
            Body::Exit(facts) => self.explained(facts.task),
            Body::Cred(facts) => self.explained(facts.task),
            Body::NsSet(facts) if facts.reason != ns_reason::SNAPSHOT => {
                self.explained(facts.task);
            }
            _ => {}
        }
    }

    fn explained(&mut self, task: u64) {
        self.odd.retain(|&(other, _)| other != task);
    }

    #[cold]
    fn judge(&mut self, cx: &mut Cx<'_>) {
        let begun = self.begun;
        self.odd.retain(|&(task, ts)| {
            if ts < begun {
                let world = cx.world;
                let id = world.at_key(task);
                cx.test(&RULE, id.is_some_and(|id| !world.runs(id)), || {
                    let named = id.map_or_else(Subject::record, |id| Subject::task(world, id));
                    Finding::new(named, "the same namespaces in both passes", "others")
                });
            }
            ts >= begun
        });
    }

    /// What a record says by itself; and one of a sweep against the task as it was just shown.
    pub(super) fn shape(&mut self, cx: &mut Cx<'_>, facts: &NsSet, has_ids: bool) {
        let there = facts.inums.map(|inum| inum != 0);
        let kinds = *self.kinds.get_or_insert(there);
        let ids = facts.ids.iter().zip(kinds).all(|(&id, kind)| (id != 0) == (has_ids && kind));
        let flags = (facts.reason == ns_reason::CREATE) == (facts.flags != 0);
        let reason = (ns_reason::SNAPSHOT..=ns_reason::ENTER).contains(&facts.reason);
        let whole = facts.task != 0 && facts.for_children != 0;
        cx.test_alone(&RULE, there == kinds && ids && flags && reason && whole, || {
            let observed = format!("flags {:#x}: {:?}, {:?}", facts.flags, facts.inums, facts.ids);
            Finding::new(Subject::record(), "one namespace of every kind, with its id", observed)
        });
        if facts.reason != ns_reason::SNAPSHOT || self.odd.len() >= KEPT {
            return;
        }
        if !agrees(cx.world, facts, self.begun) {
            self.explained(facts.task);
            self.odd.push((facts.task, cx.event.header.ts));
        }
    }
}

/// Whether a sweep's second pass has found a task as the tables have it.
/// An exec since that began may have changed the time namespace.
fn agrees(world: &World, facts: &NsSet, begun: u64) -> bool {
    let Some(id) = world.at_key(facts.task) else { return false };
    if !world.runs(id) {
        return true;
    }
    let same = |kind: NsKind| {
        let (had, now) = (inum_of(world, id, kind), of(&facts.inums, kind));
        had == 0 || had == now
    };
    let moves = world.exec_of(id) >= begun && world.has_execed(id);
    let time = world.time_for_children_of(id);
    let times = time == 0 || time == facts.time_for_children;
    let children = world.for_children(id).is_none_or(|ns| {
        let inum = world.ns(ns).inum;
        world.key_of_ns(ns) == facts.for_children
            && (inum == of(&facts.inums, NsKind::Pid) || inum == 0)
    });
    PLAIN.into_iter().all(same)
        && same(NsKind::User)
        && (moves || same(NsKind::Time) && times)
        && children
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::Script;

    #[test]
    fn sweeps_and_forks_are_legal() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            script.sweep();
            script.sweep();
            script.is_legal();
            let _ = &RULE;
        }
    }
}
