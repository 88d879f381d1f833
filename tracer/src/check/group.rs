//! Process groups and sessions: rules 28 to 32 and 58.

mod calls;
pub(super) mod group_namespace;
pub(super) mod group_pid_alive;
pub(super) mod session_leader;
pub(super) mod session_namespace;
pub(super) mod session_of_group;
pub(super) mod setsid_setpgid;

use super::{cx::Cx, settle::Settle};
use crate::{coverage::Coverage, event::Body, host::Host, model::Change};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Processes, by the key of their leader, that change their group or session.
    settle: Settle,
    setsid: setsid_setpgid::Setsid,
    torn: session_of_group::Torn,
    calls: calls::Calls,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(_host: &Host, _coverage: &Coverage) -> Self {
        Self::default()
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        self.settle.before(cx);
        self.setsid.before(cx);
        self.calls.before(cx);
        let event = cx.event;
        let (actor, ts) = (event.header.actor, event.header.ts);
        match &event.body {
            Body::Fork { task, vector, .. } if task.tid > 0 => {
                session_leader::fork(cx, task, &mut self.settle);
                if task.tid == task.tgid {
                    let known = cx.world.at_key(task.task).is_some_and(|id| cx.world.lives(id));
                    if known && self.settle.is_moving(task.task, ts) {
                        self.settle.doubt(task.task);
                        return; // its parent has moved it before its birth was told
                    }
                    group_pid_alive::fork(cx, task);
                    session_namespace::fork(cx, task, vector);
                    group_namespace::fork(cx, task, vector);
                    if !self.settle.doubts_any() {
                        session_of_group::fork(cx, task);
                    }
                } else {
                    setsid_setpgid::read(cx, task, &mut self.settle, actor);
                }
            }
            Body::Snapshot { task, vector, from_proc: false, .. } if !vector.is_empty() => {
                session_leader::read(cx, task, &mut self.settle, 0);
                setsid_setpgid::read(cx, task, &mut self.settle, 0);
            }
            Body::Update { task, .. } => {
                session_leader::read(cx, task, &mut self.settle, actor);
            }
            Body::ChangePid(facts) => {
                group_pid_alive::change(cx, facts);
                group_namespace::change(cx, facts);
                self.setsid.change(cx, facts, &self.settle);
                self.settle.changed(facts.task, ts);
            }
            Body::FreePid(facts) if !self.settle.doubts_any() => group_pid_alive::free(cx, facts),
            Body::Syscall(facts) => self.setsid.syscall(cx, facts),
            _ => (),
        }
    }

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, _change: &Change) {
        if matches!(cx.event.body, Body::SnapshotEnd(_)) {
            self.scan(cx);
        }
    }

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.scan(cx);
    }

    fn scan(&mut self, cx: &mut Cx<'_>) {
        if !self.settle.doubts_any() && !self.setsid.is_halfway() {
            self.torn.scan(cx);
        }
    }
}
