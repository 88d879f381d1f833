//! From exec to the end, in order: rules 41, 49 to 57 and 59.

pub(super) mod autoreap;
pub(super) mod delayed_leader;
pub(super) mod empty_zombie;
pub(super) mod exec;
pub(super) mod exit_release_free;
mod known;
pub(super) mod once_each;
pub(super) mod reuse_after_free;
pub(super) mod silent_after_exit;
pub(super) mod silent_after_release;
#[cfg(test)]
mod tests;
pub(super) mod tid_change;
pub(super) mod who_reaps;

use self::known::{Known, Sees, version};
use super::cx::Cx;
use crate::{
    coverage::{Coverage, Fact},
    event::{
        Body, ChangePid, ExchangeTids, Exit, FreePid, FreeTask, Ptrace, Release, Rename, ns_reason,
    },
    host::Host,
    model::{PidState, TaskId, TaskState},
};
use tracer_ebpf::wire::Exec;

/// Pids of process groups that their leader has left, at most.
const LEFT: usize = 1024;

/// Pids that were allocated last, as many as their keys' places are different.
const MAKERS: usize = 256;

/// The place of a key.
fn slot(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize % MAKERS
}

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    known: Known,
    sees: Sees,
    groups: delayed_leader::State,
    reapers: who_reaps::State,
    execs: exec::State,
    zombies: empty_zombie::State,
    others: autoreap::Others,
    /// Keys of pids whose tasks have left the group or session of that number: who frees them is
    /// not known by their task.
    left: Vec<u64>,
    /// Who allocated the latest pids: pid and task, in the place of the pid's key.
    makers: Vec<(u64, u64)>,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(host: &Host, coverage: &Coverage) -> Self {
        let version = version(&host.release);
        let sees = Sees {
            release: coverage.sees(Fact::Release),
            exchange: coverage.sees(Fact::ExchangeTids),
            group_dead: coverage.group_dead,
            marks_groups: version >= (6, 1),
            autoreap: version >= (7, 1),
            settles_codes: version >= (6, 13),
        };
        Self { sees, ..Self::default() }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        self.known.note(cx);
        let event = cx.event;
        match &event.body {
            Body::Fork { task, vector, flags } => {
                if cx.is_early()
                    && let Some(&(made, by)) = self.makers.get(slot(task.pid))
                    && made == task.pid
                {
                    exit_release_free::born(cx, task, by);
                }
                self.zombies.born(task.task);
                let actor = Self::acts(cx);
                self.groups.fork(cx, actor, (task, *flags));
                self.others.fork(task);
                self.execs.fork(cx, task);
                reuse_after_free::fork(cx, (&self.known, self.sees), task, vector);
            }
            Body::AllocPid(facts) => {
                Self::acts(cx);
                self.made(facts.pid.0, event.header.actor);
                reuse_after_free::alloc(cx, &self.known, facts);
            }
            Body::Snapshot { task, from_proc: false, .. } => {
                let id = cx.world.at_key(task.task);
                self.zombies.shown(cx, &self.known, id, task);
                if let Some(id) = id {
                    self.execs.shown(cx, &self.known, id, task);
                }
            }
            Body::SnapshotBegin(_) => {
                self.zombies.forget();
                self.execs.begin(event.header.ts);
            }
            Body::SnapshotEnd(_) => {
                self.zombies.end(cx);
                self.execs.end(cx);
            }
            Body::Exit(facts) => self.exit(cx, facts),
            Body::Release(facts) => self.release(cx, facts),
            Body::FreeTask(facts) => self.free_task(cx, facts),
            Body::FreePid(facts) => self.free_pid(cx, facts),
            Body::Exec(exec) => self.exec(cx, &exec.facts),
            Body::Rename(facts) => self.rename(cx, facts),
            Body::ChangePid(facts) => self.change_pid(cx, facts),
            Body::ExchangeTids(facts) => self.exchange(cx, facts),
            Body::Ptrace(facts) => self.ptrace(cx, facts),
            Body::Lost(_) => self.forget(),
            _ => self.rest(cx),
        }
    }

    /// What is rare, and tells little here.
    fn rest(&mut self, cx: &mut Cx<'_>) {
        let event = cx.event;
        match &event.body {
            Body::AllocFail(_) | Body::ForkFail(_) | Body::Syscall(_) => {
                Self::acts(cx);
            }
            Body::Cred(facts) => {
                Self::acts(cx);
                silent_after_exit::own(cx, facts.task);
            }
            Body::PidNs(facts) if facts.reason != ns_reason::SNAPSHOT => {
                Self::acts(cx);
            }
            Body::NsSet(facts) if facts.reason != ns_reason::SNAPSHOT => {
                Self::acts(cx);
                silent_after_exit::own(cx, facts.task);
            }
            Body::Update { task, .. } => {
                Self::acts(cx);
                if let Some(id) = cx.world.at_key(task.task) {
                    self.execs.shown(cx, &self.known, id, task);
                }
            }
            Body::NsDying(_) => silent_after_release::by(cx, cx.world.at_key(event.header.actor)),
            _ => {}
        }
    }

    /// Records are missing.
    fn forget(&mut self) {
        self.groups.forget();
        self.reapers.forget();
        self.execs.forget();
        self.zombies.forget();
        self.others.forget();
        self.makers.clear();
    }

    /// The actor does something of its own free will.
    #[inline]
    fn acts(cx: &mut Cx<'_>) -> Option<TaskId> {
        let actor = cx.world.at_key(cx.event.header.actor);
        silent_after_exit::acts(cx, actor);
        silent_after_release::by(cx, actor);
        actor
    }

    fn exit(&mut self, cx: &mut Cx<'_>, facts: &Exit) {
        silent_after_exit::own(cx, facts.task);
        self.execs.exit(facts.task);
        let Some(id) = cx.world.at_key(facts.task) else { return };
        silent_after_release::about(cx, id);
        once_each::exit(cx, id);
        exit_release_free::exit(cx, &self.known, id, facts);
        self.groups.exit(cx, &self.known, self.sees, id, facts);
        empty_zombie::exit(cx, &self.known, self.sees, id, facts);
    }

    fn release(&mut self, cx: &mut Cx<'_>, facts: &Release) {
        silent_after_release::by(cx, cx.world.at_key(cx.event.header.actor));
        let id = cx.world.at_key(facts.task);
        let group = self.groups.code_of(facts.tgid);
        exit_release_free::release(cx, &self.known, (self.sees, group), id, facts);
        let Some(id) = id else { return };
        once_each::release(cx, id);
        tid_change::named(cx, &self.known, id, facts.tid, facts.tgid);
        delayed_leader::release(cx, &self.known, id);
        self.reapers.release(cx, (&self.known, self.sees), id, facts);
        self.others.release(cx, &self.known, self.sees, id, facts);
    }

    fn free_task(&mut self, cx: &mut Cx<'_>, facts: &FreeTask) {
        let id = cx.world.at_key(facts.task);
        exit_release_free::free_task(cx, &self.known, self.sees, id, facts);
        let Some(id) = id else { return };
        once_each::free_task(cx, id);
        if !cx.is_stale(id) {
            tid_change::named(cx, &self.known, id, facts.tid, facts.tgid);
        }
    }

    fn free_pid(&mut self, cx: &mut Cx<'_>, facts: &FreePid) {
        silent_after_release::by(cx, cx.world.at_key(cx.event.header.actor));
        if let Some(pid) = cx.world.pid_at(facts.pid) {
            let roams = self.left.contains(&facts.pid) || self.left.len() >= LEFT;
            exit_release_free::free_pid(cx, &self.known, self.sees, pid, (facts, roams));
            if cx.world.state_of_pid(pid) == PidState::Allocated
                && let Some(&(made, by)) = self.makers.get(slot(facts.pid))
                && made == facts.pid
            {
                exit_release_free::failed(cx, pid, by);
            }
        }
        if !self.left.is_empty() {
            self.left.retain(|&pid| pid != facts.pid);
        }
    }

    /// A pid was allocated.
    fn made(&mut self, pid: u64, by: u64) {
        if self.makers.is_empty() {
            self.makers = vec![(0, 0); MAKERS];
        }
        if let Some(place) = self.makers.get_mut(slot(pid)) {
            *place = (pid, by);
        }
    }

    fn exec(&mut self, cx: &mut Cx<'_>, facts: &Exec) {
        Self::acts(cx);
        silent_after_exit::own(cx, facts.task);
        let id = cx.world.at_key(facts.task);
        if let Some(id) = id {
            silent_after_release::about(cx, id);
            tid_change::named(cx, &self.known, id, facts.tid, cx.event.header.actor_tgid);
        }
        self.execs.exec(cx, (&self.known, self.sees), id, facts);
        self.others.exec(facts.task);
    }

    fn rename(&mut self, cx: &mut Cx<'_>, facts: &Rename) {
        Self::acts(cx);
        let id = cx.world.at_key(facts.task);
        if let Some(id) = id {
            silent_after_release::about(cx, id);
            // another thread may name a new one, at the address of one freed, before its birth is told
            if cx.world.state_of(id) != TaskState::Freed {
                tid_change::named(cx, &self.known, id, facts.tid, facts.tgid);
            }
        }
        self.execs.rename(cx, id, facts);
    }

    fn change_pid(&mut self, cx: &mut Cx<'_>, facts: &ChangePid) {
        Self::acts(cx);
        let world = cx.world;
        let Some(id) = world.at_key(facts.task) else { return };
        silent_after_release::about(cx, id);
        tid_change::named(cx, &self.known, id, facts.tid, facts.tid);
        let own = world.pid_of(id);
        let leaves = own.is_some() && (world.task_pgrp(id) == own || world.task_session(id) == own);
        if leaves
            && let Some(own) = own.map(|own| world.key_of_pid(own))
            && own != facts.pid
            && self.left.len() < LEFT
        {
            self.left.push(own);
        }
    }

    fn exchange(&mut self, cx: &mut Cx<'_>, facts: &ExchangeTids) {
        Self::acts(cx);
        silent_after_exit::own(cx, facts.left);
        for key in [facts.left, facts.right] {
            if let Some(id) = cx.world.at_key(key) {
                silent_after_release::about(cx, id);
            }
        }
        tid_change::exchange(cx, &self.known, self.sees, facts);
        self.reapers.exchange(facts);
        self.execs.exchange(cx, facts);
    }

    fn ptrace(&mut self, cx: &mut Cx<'_>, facts: &Ptrace) {
        let actor = cx.world.at_key(cx.event.header.actor);
        silent_after_release::by(cx, actor);
        if facts.tracer != 0 {
            silent_after_exit::acts(cx, actor);
        }
        let Some(id) = cx.world.at_key(facts.task) else { return };
        silent_after_release::about(cx, id);
        // a witness may read the numbers in the midst of an exec's swap, and a tracer that follows
        // forks has the child before its birth is told
        if !cx.world.is_grouped(id) && cx.world.state_of(id) != TaskState::Freed {
            tid_change::named(cx, &self.known, id, facts.tid, facts.tgid);
        }
        self.reapers.unlink(cx, id, facts);
    }
}
