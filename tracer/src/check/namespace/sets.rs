//! Part of rule 62: what the two passes of a sweep say of a task's namespaces.
//!
//! The second pass reads a task again. Where it differs from the first, the task has changed its
//! namespaces in between: a record of that comes, at the latest, before the next sweep has ended.

use super::setns_unshare::{DYNAMIC, PLAIN, RULE, inum_of, of};
use crate::{
    check::{Subject, cx::Cx, settle::Settle, violation::Finding},
    coverage::{Coverage, Fact},
    event::{Body, NsSet, TaskFacts, bits, ns_reason},
    model::{NsKind, World},
};

/// Tasks that wait for their explanation, at most.
const KEPT: usize = 1024;

/// What the sweeps say.
#[derive(Clone, Debug, Default)]
pub(super) struct Sets {
    /// Tasks that differ.
    odd: Vec<Odd>,
    /// The hooks tell of a change before it is made.
    told_first: bool,
    /// When the last sweep began.
    begun: u64,
    /// Which kinds of namespaces there are here.
    kinds: Option<[bool; 8]>,
    /// The ids of the initial namespaces, by kind; 0 where none was named yet.
    initial: [u64; 8],
}

/// A task that differs.
#[derive(Clone, Copy, Debug)]
struct Odd {
    task: u64,
    ts: u64,
    /// What may explain it comes before the sweep's end.
    due: bool,
}

impl Sets {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let facts = [Fact::NsCreate, Fact::NsEnter, Fact::Cred];
        let told_first = facts.into_iter().all(|fact| coverage.sees(fact));
        Self { told_first, ..Self::default() }
    }

    /// Goes with every record: what explains a difference, and when none can come any more.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>, settle: &Settle) {
        match &cx.event.body {
            Body::SnapshotBegin(_) => self.begun = cx.event.header.ts,
            _ if self.odd.is_empty() => {}
            Body::Lost(_) => self.odd.clear(),
            Body::SnapshotEnd(_) => self.judge(cx, settle),
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
        self.odd.retain(|odd| odd.task != task);
    }

    #[cold]
    fn judge(&mut self, cx: &mut Cx<'_>, settle: &Settle) {
        let (begun, now) = (self.begun, cx.event.header.ts);
        self.odd.retain(|&Odd { task, ts, due }| {
            let over = ts < begun || due && !settle.is_moving(task, now);
            if over {
                let world = cx.world;
                let id = world.at_key(task);
                cx.test(&RULE, id.is_some_and(|id| !world.runs(id)), || {
                    let named = id.map_or_else(Subject::record, |id| Subject::task(world, id));
                    Finding::new(named, "the same namespaces in both passes", "others")
                });
            }
            !over
        });
    }

    /// Whether a task has a namespace of every kind, and one for its children.
    #[inline]
    fn whole(&self, facts: &TaskFacts) -> bool {
        let Some(kinds) = &self.kinds else { return true };
        let there = facts.ns.iter().zip(kinds).all(|(&inum, &kind)| (inum != 0) == kind);
        let [.., time] = *kinds;
        there && (facts.time_for_children_inum != 0) == time && facts.for_children_inum != 0
    }

    /// A task is born, or reads itself: nothing is changed meanwhile.
    #[inline]
    pub(super) fn born(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        if self.kinds.is_none() {
            self.kinds = Some(facts.ns.map(|inum| inum != 0));
        }
        let holds = self.whole(facts) && (cx.is_certain() || plausible(&facts.ns));
        cx.test_alone(&RULE, holds, || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
            Finding::new(subject, "one namespace of every kind", format!("{:?}", facts.ns))
        });
    }

    /// A task reads itself.
    pub(super) fn own(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        self.born(cx, facts);
        cx.test_alone(&RULE, plausible(&facts.ns), || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
            Finding::new(subject, "one namespace of every kind", format!("{:?}", facts.ns))
        });
    }

    /// A sweep reads a task, which may be exiting.
    #[inline]
    pub(super) fn snapshot(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        if self.kinds.is_none() && facts.tid == 1 {
            self.kinds = Some(facts.ns.map(|inum| inum != 0)); // it never exits
        }
        let has = facts.bits & bits::HAS_NSPROXY != 0 && facts.exit_state == 0;
        if has && !(self.whole(facts) && plausible(&facts.ns)) && self.odd.len() < KEPT {
            self.explained(facts.task);
            // one that was losing them has told its exit before the sweep goes on
            self.odd.push(Odd { task: facts.task, ts: cx.event.header.ts, due: true });
        }
    }

    /// Whether the initial namespaces have the ids that they had before.
    fn are_initial(&mut self, facts: &NsSet) -> bool {
        let named = facts.inums.iter().zip(&facts.ids).zip(INITIAL.iter().zip(&mut self.initial));
        named.filter(|((inum, _), (initial, _))| inum == initial && **initial != 0).all(
            |((_, &id), (_, known))| {
                let same = *known == 0 || *known == id;
                *known = if *known == 0 { id } else { *known };
                same
            },
        )
    }

    /// What a record says by itself; and one of a sweep against the task as it was just shown.
    pub(super) fn shape(&mut self, cx: &mut Cx<'_>, facts: &NsSet, has_ids: bool) {
        let there = facts.inums.map(|inum| inum != 0);
        let kinds = *self.kinds.get_or_insert(there);
        let ids = facts.ids.iter().zip(kinds).all(|(&id, kind)| (id != 0) == (has_ids && kind));
        let flags = (facts.reason == ns_reason::CREATE) == (facts.flags != 0);
        let reason = (ns_reason::SNAPSHOT..=ns_reason::ENTER).contains(&facts.reason);
        let whole = facts.task != 0 && facts.for_children != 0;
        let time = there.last() == Some(&(facts.time_for_children != 0));
        let whole = whole && time && plausible(&facts.inums) && self.are_initial(facts);
        cx.test_alone(&RULE, there == kinds && ids && flags && reason && whole, || {
            let observed = format!("flags {:#x}: {:?}, {:?}", facts.flags, facts.inums, facts.ids);
            Finding::new(Subject::record(), "one namespace of every kind, with its id", observed)
        });
        if facts.reason != ns_reason::SNAPSHOT || self.odd.len() >= KEPT {
            return;
        }
        let (same, time) = agrees(cx.world, facts, self.begun);
        if !(same && time) {
            let before = self.odd.iter().any(|odd| odd.task == facts.task && odd.due);
            self.explained(facts.task);
            let known = cx.world.at_key(facts.task).is_some();
            let sure = known && !(same && awaits_time(cx.world, facts.task));
            let due = before || self.told_first && sure;
            self.odd.push(Odd { task: facts.task, ts: cx.event.header.ts, due });
        }
    }
}

/// Inode numbers of the initial namespaces (`PROC_*_INIT_INO`, include/linux/proc_ns.h), by kind; 0
/// where older kernels give it out like any other.
const INITIAL: [u32; 8] =
    [0xefff_fffd, 0, 0xefff_fffe, 0xefff_ffff, 0, 0xefff_fffc, 0xefff_fffb, 0xefff_fffa];
/// The least of the initial ones.
const LEAST: u32 = 0xefff_fff8;

/// Whether a namespace of each kind may have these inode numbers: one allocator gives them to all
/// kinds, so no two are the same, and the initial ones are those of their kinds.
fn plausible(inums: &[u32; 8]) -> bool {
    inums.iter().zip(&INITIAL).enumerate().all(|(kind, (&inum, &initial))| {
        let old = initial == 0 && (LEAST..0xefff_fffa).contains(&inum);
        let ranges = inum == 0 || inum == initial || inum >= DYNAMIC || old;
        ranges && (inum == 0 || !inums.iter().skip(kind + 1).any(|&other| other == inum))
    })
}

/// Whether a task's next exec enters another time namespace.
fn awaits_time(world: &World, task: u64) -> bool {
    world
        .at_key(task)
        .is_none_or(|id| inum_of(world, id, NsKind::Time) != world.time_for_children_of(id))
}

/// Whether a sweep's second pass has found a task as the tables have it, but for its time namespaces,
/// and those. An exec since that began may have changed them.
fn agrees(world: &World, facts: &NsSet, begun: u64) -> (bool, bool) {
    let Some(id) = world.at_key(facts.task) else { return (false, true) };
    if !world.runs(id) {
        return (true, true);
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
    let plain = PLAIN.into_iter().all(same) && same(NsKind::User) && children;
    (plain, moves || same(NsKind::Time) && times)
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
