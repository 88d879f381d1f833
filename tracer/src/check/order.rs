//! Births, in order: rules 43 to 47, 63 and 64.

pub(super) mod birth;
pub(super) mod birth_order;
pub(super) mod callers;
pub(super) mod changes;
mod early;
pub(super) mod failed_fork;
pub(super) mod inheritance;
pub(super) mod limit_reason;
pub(super) mod newpid_flag;
pub(super) mod newtask_namespace;
pub(super) mod thread_flag;

use self::{birth::Birth, callers::Callers};
use super::{cx::Cx, task::doubts::Doubts};
use crate::{
    coverage::{Coverage, Fact},
    event::{Body, Event},
    host::Host,
    model::Change,
};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    callers: Callers,
    changes: changes::Changes,
    doubtful: inheritance::Doubtful,
    renamed: inheritance::Renamed,
    early: early::Early,
    doubts: Doubts,
    sees_namespaces: bool,
    sees_cred: bool,
    pid_max: u32,
    /// When a loss was last told.
    lost: u64,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(host: &Host, coverage: &Coverage) -> Self {
        let syscalls = coverage.sees(Fact::Syscalls);
        Self {
            sees_namespaces: coverage.sees(Fact::NsEnter) || syscalls,
            sees_cred: coverage.sees(Fact::Cred) || syscalls,
            pid_max: host.pid_max,
            ..Self::default()
        }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        let event: &Event = cx.event;
        let header = &event.header;
        self.doubts.tick(cx);
        self.early.before(cx);
        birth_order::actor(cx);
        match &event.body {
            Body::Fork { task, vector, flags } if task.tid > 0 => {
                let birth = &Birth::new(cx.world, header.actor, task, vector, *flags);
                birth_order::fork(cx, &self.callers, birth, self.lost);
                newtask_namespace::fork(cx, birth);
                if self.sees_namespaces {
                    newpid_flag::fork(cx, birth);
                }
                thread_flag::fork(cx, &mut self.doubts, birth);
                inheritance::fork(cx, self, birth);
                self.renamed.made(cx, header.actor);
                if birth.caller.is_none() {
                    self.early.born(header.actor, *flags, task);
                }
                self.callers.ends(header.actor);
                self.callers.ends(task.task);
            }
            Body::AllocPid(facts) => {
                failed_fork::alloc(cx, &self.callers);
                let nr = facts.vector.first().map_or(0, |upid| upid.nr);
                self.callers.allocates(header.actor, (facts.pid.0, nr), header.ts);
            }
            Body::AllocFail(facts) => {
                failed_fork::alloc(cx, &self.callers);
                failed_fork::refused(cx, facts);
                limit_reason::refused(cx, facts, self.pid_max);
                self.callers.fails(header.actor, facts.errno);
            }
            Body::FreePid(facts) => failed_fork::free(cx, &mut self.callers, facts),
            Body::ForkFail(facts) => {
                failed_fork::failed(cx, &self.callers, facts);
                self.callers.ends(header.actor);
            }
            Body::ChangePid(facts) => {
                failed_fork::acts(cx, &self.callers);
                birth_order::about(cx, facts.task, facts.tid);
                self.changes.note(cx.world, header.ts, facts);
            }
            Body::Rename(facts) => {
                failed_fork::acts(cx, &self.callers);
                birth_order::about(cx, facts.task, facts.tid);
                self.renamed.note(cx.world, header.actor, facts);
            }
            Body::Release(facts) => birth_order::about(cx, facts.task, facts.tid),
            Body::Snapshot { task, .. } => self.doubtful.snapshot(cx.world, task),
            Body::Ptrace(facts) => {
                birth_order::about(cx, facts.task, facts.tid);
                return; // it may be a part of a fork
            }
            Body::Exit(_) => failed_fork::exit(cx, &self.callers),
            Body::NsSet(_) | Body::Cred(_) => failed_fork::acts(cx, &self.callers),
            // whose call began before the hooks, or in a loss, is not known to be in the midst of one
            Body::SnapshotBegin(_) if !cx.is_certain() => self.callers.clear(),
            Body::Lost(_) => {
                self.callers.clear();
                self.lost = cx.book.now;
                self.changes.clear();
                self.doubts.clear();
                self.renamed.lose();
            }
            _ => {}
        }
        if header.actor != 0 {
            self.callers.acts(header.actor);
        }
    }

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, _change: &Change) {
        if let Body::SnapshotEnd(_) = cx.event.body {
            self.doubts.judge(cx);
        }
    }

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.doubts.judge(cx);
    }
}
