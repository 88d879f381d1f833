//! Every `struct pid` and its numbers: rules 1 to 4 and 6 to 17.

pub(super) mod cyclic_order;
pub(super) mod first_number;
pub(super) mod immutable_numbers;
pub(super) mod init_number;
pub(super) mod ino_order;
pub(super) mod last_pid;
pub(super) mod level_bound;
pub(super) mod number_range;
pub(super) mod parent_chain;
pub(super) mod publish_once;
pub(super) mod reserved_numbers;
pub(super) mod set_tid;
pub(super) mod unique_number;
pub(super) mod unused_at_free;
pub(super) mod upid_level;
pub(super) mod visibility;

mod cursor;
mod ground;
mod holes;

use self::ground::{Ground, named};
use super::{Subject, cx::Cx};
use crate::{
    coverage::{Coverage, Fact},
    event::{Body, FreePid, NsEnd, PidFacts, PidNs, TaskFacts, Upid, ns_reason},
    host::Host,
    model::Change,
};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    ground: Ground,
    /// `alloc_pid` is seen: births are judged there, else at `task_newtask`.
    allocs: bool,
    /// Every pid has an inode number.
    inos: bool,
    cursors: cursor::Cursors,
    outlived: publish_once::Outlived,
    frees: publish_once::Frees,
    seen: visibility::Seen,
    order: ino_order::Inos,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(host: &Host, coverage: &Coverage) -> Self {
        Self {
            ground: Ground::new(coverage),
            allocs: coverage.sees(Fact::AllocPid),
            inos: coverage.pid_ino,
            cursors: cursor::Cursors::new(host),
            ..Self::default()
        }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        let event = cx.event;
        self.ground.note(event);
        self.frees.settle(cx);
        self.outlived.settle(cx);
        match &event.body {
            Body::Fork { task, vector, flags } if task.tid > 0 => {
                self.born(cx, task, vector, *flags);
            }
            Body::Snapshot { task, vector, from_proc: false, .. }
            | Body::Update { task, vector } => self.shown(cx, task, vector),
            Body::AllocPid(facts) => self.allocated(cx, facts),
            Body::HeldPid(facts) => {
                self.numbers(cx, facts.pid.0, None, &facts.vector, true);
                self.ino(cx, facts.pid.0, facts.ino);
                if facts.vector.first().is_some_and(|upid| upid.nr == 0) {
                    ino_order::absent(cx, facts.pid.0, facts.ino); // init_struct_pid
                }
            }
            Body::FreePid(facts) => self.freed(cx, facts),
            Body::ChangePid(facts) => self.number(cx, facts.pid, facts.nr),
            Body::Exec(exec) => self.number(cx, exec.facts.pid, exec.facts.tid),
            Body::Rename(facts) if event.header.actor == facts.task => {
                self.number(cx, facts.pid, facts.tid);
            }
            Body::Exit(facts) => self.number(cx, facts.pid, event.header.actor_tid),
            Body::Release(facts) => self.number(cx, facts.pid, facts.tid),
            Body::FreeTask(facts) => {
                if let Some(task) = cx.world.at_key(facts.task) {
                    self.outlived.note(cx, &self.ground, task);
                }
            }
            Body::PidNs(facts) => self.space(cx, facts),
            Body::AllocFail(facts) => {
                let end = NsEnd {
                    ns: facts.ns,
                    inum: facts.inum,
                    level: facts.level,
                    ..NsEnd::default()
                };
                self.named_space(cx, &end);
                self.excuse(cx.world, facts.ns);
            }
            Body::NsDying(facts) => self.named_space(cx, facts),
            Body::NsDestroy(facts) => {
                self.named_space(cx, facts);
                self.cursors.end(facts.ns);
            }
            Body::Lost(_) => {
                self.ground.forget();
                self.cursors.forget();
                self.frees.forget();
                self.order.forget();
            }
            _ => (),
        }
        self.ground.count(cx.world, event);
    }

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, change: &Change) {
        match &cx.event.body {
            Body::AllocPid(facts) => {
                if let Some(pid) = change.pid {
                    self.seen.entered(cx, pid, &facts.vector);
                }
            }
            Body::Fork { vector, .. } if !self.allocs => {
                if let Some(pid) = change.task.and_then(|task| cx.world.pid_of(task)) {
                    self.seen.entered(cx, pid, vector);
                }
            }
            Body::SnapshotEnd(_) => self.ground.recount(cx.world),
            _ => (),
        }
    }

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.seen.finish(cx);
    }

    /// The rules on the numbers of any record that has them all.
    #[inline]
    fn numbers(
        &mut self,
        cx: &mut Cx<'_>,
        key: u64,
        level: Option<u32>,
        vector: &[Upid],
        held: bool,
    ) {
        level_bound::vector(cx, key, level, vector);
        upid_level::vector(cx, &self.ground, key, vector);
        parent_chain::vector(cx, &self.ground, key, vector);
        number_range::vector(cx, key, vector, held);
        immutable_numbers::vector(cx, &self.ground, key, vector);
    }

    /// The inode number of a pid that is named again, or 0 where the kernel has none.
    #[inline]
    fn ino(&mut self, cx: &mut Cx<'_>, key: u64, ino: u64) {
        if self.inos {
            ino_order::named(cx, &self.ground, cx.world.pid_at(key), ino);
        } else {
            ino_order::absent(cx, key, ino);
        }
    }

    fn number(&mut self, cx: &mut Cx<'_>, key: u64, nr: i32) {
        immutable_numbers::number(cx, &self.ground, key, nr);
    }

    fn allocated(&mut self, cx: &mut Cx<'_>, facts: &PidFacts) {
        let (key, vector) = (facts.pid.0, &*facts.vector);
        self.frees.allocated(cx, &self.ground, key, vector);
        self.numbers(cx, key, None, vector, false);
        self.claimed(cx, key, facts.ino, vector);
        first_number::allocated(cx, &self.ground, key, vector);
    }

    /// Numbers are given out.
    #[inline]
    fn claimed(&mut self, cx: &mut Cx<'_>, key: u64, ino: u64, vector: &[Upid]) {
        unique_number::taken(cx, &self.ground, key, vector);
        self.cursors.allocated(cx, vector, self.allocs);
        if self.inos {
            self.order.allocated(cx, ino, || named(key, vector));
        } else {
            self.ino(cx, key, ino);
        }
    }

    fn born(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &[Upid], flags: u64) {
        self.shown(cx, task, vector);
        publish_once::given(cx, &self.ground, task.task, task.pid, vector);
        first_number::born(cx, task.pid, vector, flags);
        init_number::born(cx, task, vector);
        if !self.allocs {
            self.claimed(cx, task.pid, task.ino, vector);
        } else if cx.world.pid_at(task.pid).is_none() {
            unique_number::taken(cx, &self.ground, task.pid, vector);
        }
    }

    /// A record shows a task with all its numbers.
    #[inline]
    fn shown(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &[Upid]) {
        if vector.is_empty() {
            return;
        }
        self.numbers(cx, task.pid, Some(task.level), vector, false);
        self.number(cx, task.pgrp, task.pgid);
        if task.session != task.pgrp {
            self.number(cx, task.session, task.sid);
        }
        self.ino(cx, task.pid, task.ino);
    }

    fn freed(&mut self, cx: &mut Cx<'_>, facts: &FreePid) {
        let subject = || Subject::pid_named(facts.pid, std::iter::once(facts.nr));
        level_bound::level(cx, facts.level, subject);
        self.frees.freed(cx, &self.ground, facts);
        let Some(pid) = cx.world.pid_at(facts.pid) else { return };
        immutable_numbers::freed(cx, &self.ground, pid, facts);
        unused_at_free::freed(cx, &self.ground, pid);
        visibility::freed(cx, &self.ground, pid, facts);
        self.ino(cx, facts.pid, facts.ino);
        for &(ns, nr) in &cx.world.numbers(pid) {
            if let Some(ns) = ns {
                let (key, inum) = (cx.world.key_of_ns(ns), cx.world.ns(ns).inum);
                self.vacate(Upid { ns: key, nr, inum });
            }
        }
    }

    fn space(&mut self, cx: &mut Cx<'_>, facts: &PidNs) {
        let subject = || Subject::namespace_named(facts.ns, facts.inum);
        level_bound::level(cx, facts.level, subject);
        if facts.reason != ns_reason::CREATE {
            let upid = Upid { ns: facts.ns, nr: 0, inum: facts.inum };
            upid_level::namespace(cx, &self.ground, upid, facts.level);
        }
        init_number::space(cx, &self.ground, facts);
        self.cursors.read(cx, facts);
    }

    fn named_space(&mut self, cx: &mut Cx<'_>, facts: &NsEnd) {
        let subject = || Subject::namespace_named(facts.ns, facts.inum);
        level_bound::level(cx, facts.level, subject);
        let upid = Upid { ns: facts.ns, nr: 0, inum: facts.inum };
        upid_level::namespace(cx, &self.ground, upid, facts.level);
    }
}
