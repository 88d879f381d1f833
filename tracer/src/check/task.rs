//! Tasks, threads and parents: rules 5, 18 to 27, 39, 40 and 42.

pub(super) mod cached_numbers;
pub(super) mod doubts;
pub(super) mod idle_unlisted;
pub(super) mod kernel_threads;
pub(super) mod leader_outlives_threads;
pub(super) mod leader_shape;
pub(super) mod levels_of_parents;
mod nameless;
pub(super) mod one_pid_one_task;
pub(super) mod orphan_rule;
pub(super) mod parent_alive;
pub(super) mod reading;
pub(super) mod rooted;
pub(super) mod tgid_of_leader;
pub(super) mod threads_together;
pub(super) mod tracer_is_parent;
pub(super) mod user_workers;

use self::{doubts::Doubts, reading::Reading};
use super::cx::Cx;
use crate::{
    coverage::Coverage,
    event::{Body, Event, TaskFacts, Upid},
    host::Host,
    model::Change,
};

/// What these rules remember.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    doubts: Doubts,
    zombies: parent_alive::Zombies,
    workers: user_workers::Flags,
    told: tracer_is_parent::Told,
    unknown: rooted::Unknown,
}

impl State {
    /// Nothing seen yet.
    pub(super) fn new(host: &Host, _coverage: &Coverage) -> Self {
        Self { workers: user_workers::Flags::of(host), ..Self::default() }
    }

    /// Holds a record against the tables as they are before it.
    #[inline]
    pub(super) fn before(&mut self, cx: &mut Cx<'_>) {
        let event: &Event = cx.event;
        self.doubts.tick(cx);
        cached_numbers::actor(cx);
        match &event.body {
            Body::Fork { task, vector, .. } => {
                self.zombies.end(task.task);
                self.read(cx, task, vector, true);
            }
            Body::Snapshot { from_proc: true, .. } => {}
            Body::Snapshot { task, vector, .. } => {
                self.read(cx, task, vector, false);
                parent_alive::snapshot(cx, &mut self.zombies, task);
                self.unknown.snapshot(cx, task);
            }
            Body::Update { task, vector } => self.read(cx, task, vector, false),
            Body::Exec(exec) => {
                cached_numbers::exec(cx, &exec.facts);
                one_pid_one_task::named(cx, exec.facts.task, exec.facts.pid);
            }
            Body::Rename(facts) => {
                cached_numbers::rename(cx, facts);
                one_pid_one_task::named(cx, facts.task, facts.pid);
            }
            Body::Exit(facts) => {
                cached_numbers::exit(cx, facts);
                one_pid_one_task::named(cx, facts.task, facts.pid);
                let parent = (facts.real_parent, facts.ppid);
                parent_alive::named(cx, &mut self.doubts, facts.task, parent);
                orphan_rule::exit(cx, facts);
                self.unknown.exit(cx.world, facts.task);
            }
            Body::Release(facts) => {
                cached_numbers::release(cx, facts);
                one_pid_one_task::named(cx, facts.task, facts.pid);
                let parent = (facts.real_parent, facts.ppid);
                parent_alive::named(cx, &mut self.doubts, facts.task, parent);
                leader_outlives_threads::release(cx, facts);
            }
            Body::FreeTask(facts) => {
                cached_numbers::free_task(cx, &mut self.doubts, facts);
                leader_outlives_threads::free_task(cx, facts);
                self.told.end(facts.task);
                self.zombies.end(facts.task);
            }
            Body::ChangePid(facts) => cached_numbers::change_pid(cx, facts),
            Body::Cred(facts) => cached_numbers::own(cx, facts.task),
            Body::Ptrace(facts) => {
                cached_numbers::ptrace(cx, &mut self.doubts, facts);
                tracer_is_parent::ptrace(cx, &mut self.told, facts);
            }
            Body::SnapshotBegin(_) => {
                self.zombies.clear();
                self.unknown.clear();
            }
            Body::Lost(_) => {
                self.doubts.clear();
                self.zombies.clear();
                self.told.clear();
                self.unknown.clear();
            }
            _ => {}
        }
    }

    /// A record that reads a whole task.
    fn read(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts, vector: &[Upid], born: bool) {
        idle_unlisted::reading(cx, facts, vector, born);
        if facts.tid <= 0 || vector.is_empty() {
            return;
        }
        let reading = &Reading::new(cx.world, facts, vector, born);
        let doubts = &mut self.doubts;
        cached_numbers::reading(cx, doubts, reading);
        one_pid_one_task::reading(cx, doubts, reading);
        leader_shape::reading(cx, doubts, reading);
        tgid_of_leader::reading(cx, doubts, reading);
        threads_together::reading(cx, doubts, reading);
        levels_of_parents::reading(cx, reading);
        parent_alive::reading(cx, doubts, reading);
        rooted::reading(cx, reading);
        tracer_is_parent::reading(cx, doubts, reading);
        kernel_threads::reading(cx, reading);
        user_workers::reading(cx, self.workers, reading);
    }

    /// Judges what a record has changed.
    #[inline]
    pub(super) fn after(&mut self, cx: &mut Cx<'_>, change: &Change) {
        if !change.effects.is_empty() {
            orphan_rule::changed(cx, change);
        }
        if let Body::SnapshotEnd(_) = cx.event.body {
            self.unknown.judge(cx);
            self.tables(cx);
        }
    }

    /// Judges the tables at the end of the stream.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.tables(cx);
    }

    /// Judges the whole tables.
    fn tables(&mut self, cx: &mut Cx<'_>) {
        self.doubts.judge(cx);
        rooted::tables(cx);
        threads_together::tables(cx);
    }
}
