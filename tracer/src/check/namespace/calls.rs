//! Part of rule 62: what a system call can have changed of the caller's namespaces, where calls are
//! what is seen. The call's record comes first, then the caller reads itself.

use std::collections::HashMap;

use super::setns_unshare::{PLAIN, RULE, of};
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    event::{Syscall, TaskFacts},
    model::{NsKind, TaskId, World},
};

/// unshare(2) and setns(2) in the x86-64 table.
const UNSHARE: u64 = 272;
const SETNS: u64 = 308;
/// Calls that have been told, and whose caller has not read itself.
const MOST: usize = 64;

/// Callers that are remembered.
const KEPT: usize = 1 << 12;

/// Such calls, and what their callers have read.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// The caller, and the `CLONE_NEW*` flags of what may have changed.
    open: Vec<(u64, u64)>,
    /// What callers have read of themselves last.
    own: HashMap<u64, Read>,
    /// What differs from what a sweep has read, which may be newer.
    odd: Vec<(u64, Finding)>,
    /// When the last sweep began.
    begun: u64,
}

/// The namespaces of a task: by kind, of its children.
#[derive(Clone, Copy, Debug)]
struct Read {
    inums: [u32; 8],
    time: u32,
    children: u64,
}

impl Read {
    fn of(facts: &TaskFacts) -> Self {
        let (time, children) = (facts.time_for_children_inum, facts.for_children);
        Self { inums: facts.ns, time, children }
    }

    fn known(world: &World, id: TaskId) -> Self {
        let children = world.for_children(id).map_or(0, |ns| world.key_of_ns(ns));
        Self { inums: world.inums_of(id), time: world.time_for_children_of(id), children }
    }

    /// Whether only these kinds differ.
    fn differs_by(&self, now: &Self, may: u64) -> bool {
        let same = |kind: NsKind| {
            let (had, now) = (of(&self.inums, kind), of(&now.inums, kind));
            had == 0 || had == now || may & kind.clone_flag() != 0
        };
        let time = may & NsKind::Time.clone_flag() != 0;
        let pid = may & NsKind::Pid.clone_flag() != 0;
        PLAIN.into_iter().all(same)
            && (time || self.time == 0 || self.time == now.time)
            && (pid || self.children == 0 || self.children == now.children)
    }
}

impl Calls {
    /// A call has returned.
    pub(super) fn call(&mut self, facts: &Syscall) {
        let [first, second, _] = facts.args;
        let may = match facts.nr {
            UNSHARE => first,
            SETNS if second & 0xffff_ffff != 0 => second & 0xffff_ffff,
            SETNS => u64::MAX,
            _ => 0,
        };
        self.open.retain(|&(actor, _)| actor != facts.header.actor);
        if self.open.len() >= MOST {
            self.open.remove(0);
        }
        self.open.push((facts.header.actor, may));
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// A sweep begins.
    pub(super) fn begin(&mut self, ts: u64) {
        self.begun = ts;
    }

    /// A task's memory is free, or another's.
    #[inline]
    pub(super) fn end(&mut self, task: u64) {
        if !self.own.is_empty() {
            self.own.remove(&task);
        }
    }

    /// A sweep is over: what no later call has explained.
    pub(super) fn judge(&mut self, cx: &mut Cx<'_>) {
        for (_, finding) in self.odd.drain(..) {
            cx.test(&RULE, false, || finding);
        }
    }

    /// The caller reads itself.
    pub(super) fn update(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        let actor = cx.event.header.actor;
        self.odd.retain(|&(task, _)| task != facts.task);
        let now = Read::of(facts);
        let before = self.own.get(&facts.task).copied();
        if self.own.len() < KEPT || before.is_some() {
            self.own.insert(facts.task, now);
        }
        let Some(at) = self.open.iter().position(|&(caller, _)| caller == actor) else { return };
        let (_, may) = self.open.swap_remove(at);
        let world = cx.world;
        let Some(id) = world.at_key(facts.task).filter(|&id| world.runs(id)) else { return };
        let known = before.unwrap_or_else(|| Read::known(world, id));
        let holds = known.differs_by(&now, may);
        let finding = || {
            let known = format!("{:?}, but for what it called for ({may:#x})", known.inums);
            Finding::new(Subject::task(world, id), known, format!("{:?}", facts.ns))
        };
        let swept = world.is_sweeping() || world.born_at(id) <= self.begun;
        if holds || before.is_some() || !swept {
            cx.test_told(&RULE, holds, finding);
        } else if self.odd.len() < MOST && (cx.is_certain() || cx.is_early()) {
            self.odd.push((facts.task, finding()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Header, Syscall, Vector},
    };

    const CLONE_NEWUTS: u64 = 0x0400_0000;

    /// unshare(2) of these flags, behind which the caller has another namespace of a kind.
    fn unshared(flags: u64, kind: usize) -> Script {
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        script.sweep();
        let header = Header { actor: script.tasks[&child].facts.task, ..Header::default() };
        let call = Syscall { header, nr: 272, args: [flags, 0, 0], ..Syscall::default() };
        script.write(child, 24, Body::Syscall(call));
        script.facts(child).ns[kind] = 0xf000_0077;
        let person = script.tasks[&child].clone();
        let vector = Vector::new(&person.vector).unwrap();
        script.write(child, 3, Body::Update { task: person.facts, vector });
        script.sweep();
        script
    }

    #[test]
    fn a_namespace_that_the_call_does_not_name_trips() {
        unshared(CLONE_NEWUTS, 4).trips(&RULE);
    }

    #[test]
    fn a_namespace_that_the_call_names_is_near() {
        let script = unshared(CLONE_NEWUTS, super::NsKind::Uts.index());
        script.holds(&RULE);
    }
}
