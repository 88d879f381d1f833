//! PID namespaces and nsproxies: rules 33 to 38, 48 and 60 to 62.

pub(super) mod adding_flag;
pub(super) mod allocated_count;
mod calls;
pub(super) mod for_children;
pub(super) mod init_death;
mod making;
pub(super) mod namespace_end;
pub(super) mod namespace_tree;
pub(super) mod no_fork_into_dead;
pub(super) mod nsproxy_lifetime;
pub(super) mod populated_has_init;
pub(super) mod setns_unshare;
mod sets;

use super::{Counted, Rule, Subject, cx::Cx, settle::Settle, violation::Finding};
use crate::{
    coverage::{Coverage, Fact},
    event::{Body, Event, NsSet, PidNs, TaskFacts, Vector, ns_reason},
    host::Host,
    model::{Change, NsId, World},
};

/// Levels that a PID namespace can have above it.
const DEEPEST: usize = 33;

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Tasks that change their namespaces.
    settle: Settle,
    counts: allocated_count::Counts,
    flags: adding_flag::Flags,
    dying: init_death::Dying,
    freed: namespace_end::Freed,
    found: populated_has_init::Found,
    shown: sets::Sets,
    making: making::Making,
    calls: calls::Calls,
    has_ids: bool,
    has_groups: bool,
    /// Every creation of a PID namespace is told.
    creates: bool,
    /// PID namespaces have a `pid_max` of their own.
    own_max: Option<bool>,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(_host: &Host, coverage: &Coverage) -> Self {
        Self {
            counts: allocated_count::Counts::new(coverage),
            making: making::Making::new(coverage),
            shown: sets::Sets::new(coverage),
            has_ids: coverage.ns_id,
            has_groups: coverage.group_dead,
            creates: coverage.sees(Fact::PidNsCreate),
            ..Self::default()
        }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        self.settle.before(cx);
        self.flags.before(cx);
        self.dying.before(cx);
        self.counts.before(cx);
        let event: &Event = cx.event;
        let actor = event.header.actor;
        match &event.body {
            Body::Fork { task, vector, flags } if task.tid > 0 => {
                self.making.born(cx, task, *flags);
                nsproxy_lifetime::fork(cx, task);
                self.shown.born(cx, task);
                self.calls.end(task.task);
                for_children::own(cx, task, vector);
                for_children::born(cx, task, vector);
                if vector.len() > 1 {
                    self.dying.fork(cx, task, vector);
                    self.freed.named(cx, vector);
                }
            }
            Body::Update { task, vector } => {
                nsproxy_lifetime::fork(cx, task);
                self.shown.own(cx, task);
                self.calls.update(cx, task);
                for_children::own(cx, task, vector);
                for_children::read(cx, task, vector, &mut self.settle, actor);
            }
            Body::Snapshot { task, vector, from_proc: false, .. } if !vector.is_empty() => {
                self.snapshot(cx, task, vector);
                self.shown.snapshot(cx, task);
            }
            Body::AllocPid(facts) if facts.vector.len() > 1 => {
                populated_has_init::alloc(cx, &facts.vector);
                self.dying.alloc(cx, facts);
                self.making.allocated(cx, &facts.vector);
                self.freed.named(cx, &facts.vector);
            }
            Body::Exit(facts) => self.settle.explained(facts.task),
            _ => self.rare(cx),
        }
        self.shown.before(cx, &self.settle);
    }

    fn snapshot(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
        nsproxy_lifetime::read(cx, task, &mut self.settle);
        for_children::own(cx, task, vector);
        for_children::read(cx, task, vector, &mut self.settle, 0);
        setns_unshare::read(cx, task, &mut self.settle);
    }

    fn rare(&mut self, cx: &mut Cx<'_>) {
        let event: &Event = cx.event;
        let actor = event.header.actor;
        match &event.body {
            Body::SnapshotBegin(_) => {
                self.found.begin(event.header.ts);
                self.calls.begin(event.header.ts);
            }
            Body::Lost(_) => {
                self.found.forget();
                self.freed.lose();
                self.making.forget();
                self.calls.forget();
            }
            Body::PidNs(facts) => self.pid_ns(cx, facts),
            Body::NsSet(facts) => self.ns_set(cx, facts),
            Body::FreePid(facts) => {
                populated_has_init::free(cx, facts, &self.dying);
                self.dying.free(cx, facts);
            }
            Body::Release(facts) => self.dying.release(cx, facts),
            Body::FreeTask(facts) => {
                init_death::free_task(cx, facts, self.has_groups);
                self.calls.end(facts.task);
            }
            Body::Cred(facts) => {
                setns_unshare::cred(cx, facts, self.has_ids);
                self.making.cred(cx, facts);
                self.settle.changed(facts.task, event.header.ts);
            }
            Body::AllocFail(facts) => {
                namespace_tree::end(cx, (facts.ns, facts.inum, facts.level), (0, self.creates));
            }
            Body::Syscall(facts) => self.calls.call(facts),
            Body::ForkFail(facts) => {
                for_children::fork_fail(cx, facts, &self.settle);
                self.making.failed(actor);
            }
            Body::NsDying(facts) => {
                namespace_tree::end(cx, (facts.ns, facts.inum, facts.level), (1, self.creates));
                namespace_tree::dying(cx, facts);
                self.dying.dying(cx, facts);
                self.flags.dying(facts.ns, event.header.ts);
            }
            Body::NsDestroy(facts) => {
                namespace_tree::end(cx, (facts.ns, facts.inum, facts.level), (1, self.creates));
                self.freed.destroy(cx, facts, &self.settle);
                self.dying.forget(facts.ns);
                self.flags.forget(facts.ns);
            }
            _ => (),
        }
    }

    fn pid_ns(&mut self, cx: &mut Cx<'_>, facts: &PidNs) {
        if facts.reason == ns_reason::CREATE {
            self.making.made(cx.event.header.actor, facts);
            self.freed.forget(facts.ns);
            self.dying.forget(facts.ns);
            let sure = !self.settle.doubts(cx.event.header.actor);
            namespace_tree::created(cx, facts, sure);
        } else {
            populated_has_init::read(cx, facts, self.creates);
            self.found.read(facts);
        }
        let own_max = *self.own_max.get_or_insert(facts.pid_max != 0);
        namespace_tree::limit(cx, facts, own_max);
        namespace_tree::read(cx, facts, (self.has_ids, self.creates));
        self.flags.read(cx, facts, &self.dying);
    }

    fn ns_set(&mut self, cx: &mut Cx<'_>, facts: &NsSet) {
        let ts = cx.event.header.ts;
        self.shown.shape(cx, facts, self.has_ids);
        match facts.reason {
            ns_reason::CREATE => {
                nsproxy_lifetime::switch(cx, facts);
                setns_unshare::created(cx, facts, &self.settle);
                self.making.created(cx, facts);
            }
            ns_reason::ENTER => {
                nsproxy_lifetime::switch(cx, facts);
                setns_unshare::entered(cx, facts);
                self.making.entered(cx, facts);
                self.settle.changed(facts.task, ts);
            }
            _ => setns_unshare::found(cx, facts, &mut self.settle, self.creates),
        }
    }

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, _change: &Change) {
        match &cx.event.body {
            Body::PidNs(facts) if facts.reason == ns_reason::SNAPSHOT => {
                self.counts.read(cx, facts);
            }
            Body::SnapshotEnd(_) => {
                self.counts.swept(cx);
                self.calls.judge(cx);
                self.found.end(cx);
            }
            _ => (),
        }
    }

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.counts.finish(cx);
    }

    /// The namespaces of which the kernel and the tables counted different numbers of pids at the
    /// last two sweeps, by the same difference: inode number, and both counts.
    pub(super) fn uncounted(&self) -> Vec<(u32, Counted)> {
        self.counts.uncounted()
    }
}

/// A test on a namespace that a record names.
#[inline]
fn test(
    cx: &mut Cx<'_>,
    rule: &'static Rule,
    holds: bool,
    (key, inum): (u64, u32),
    expected: &str,
    observed: impl FnOnce() -> String,
) {
    cx.test(rule, holds, || {
        Finding::new(Subject::namespace_named(key, inum), expected, observed())
    });
}

/// A test of what a record says by itself of a namespace.
#[inline]
fn test_alone(
    cx: &mut Cx<'_>,
    rule: &'static Rule,
    holds: bool,
    (key, inum): (u64, u32),
    expected: &str,
    observed: impl FnOnce() -> String,
) {
    cx.test_alone(rule, holds, || {
        Finding::new(Subject::namespace_named(key, inum), expected, observed())
    });
}

/// A test on a task that a record shows.
#[inline]
fn test_task(
    cx: &mut Cx<'_>,
    rule: &'static Rule,
    holds: bool,
    task: &TaskFacts,
    expected: &str,
    observed: impl FnOnce() -> String,
) {
    cx.test(rule, holds, || {
        let subject = Subject::task_named(task.task, task.tid, task.tgid);
        Finding::new(subject, expected, observed())
    });
}

/// Whether a PID namespace is another one or lies below it; `None` where the tables do not know.
fn is_below(world: &World, ns: NsId, above: NsId) -> Option<bool> {
    let mut at = ns;
    for _ in 0..DEEPEST {
        if at == above {
            return Some(true);
        }
        if Some(at) == world.root_ns() {
            return Some(false);
        }
        at = world.ns(at).pid.as_ref()?.parent?;
    }
    None
}
