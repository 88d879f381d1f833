//! Births: `task_newtask`, and the entry of a task that already lives.

use super::super::row::{Look, Row, Wide};
use super::super::slab::Link;
use super::super::{Certainty, Effect, Impossible, TaskId, TaskState, World};
use super::upsert::has_exited;
use crate::event::{Header, TaskFacts, Vector};

/// How a task came to be, where that was seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Origin {
    /// The birth is seen now.
    pub(super) born: bool,
    /// The task that called clone.
    pub(super) creator: Option<TaskId>,
    /// `CLONE_*`.
    pub(super) flags: u64,
}

impl Origin {
    /// A namespace that this task has just made.
    pub(super) fn made(by: Option<TaskId>) -> Self {
        Self { born: true, creator: by, flags: 0 }
    }
}

impl World {
    /// `task_newtask` (`copy_process`, kernel/fork.c). A sweep may have shown the child before: it
    /// is in the kernel's tables a moment before the tracepoint.
    pub(super) fn on_fork(
        &mut self,
        header: &Header,
        facts: &TaskFacts,
        vector: &Vector,
        flags: u64,
    ) {
        if facts.tid <= 0 || facts.tgid <= 0 {
            return; // fork_idle: in no table of the kernel
        }
        let creator = self.live_task(header.actor);
        if let Some(creator) = creator
            && let Some(id) = self.plain_birth(creator, header, facts, vector, flags)
        {
            self.out.task = Some(id);
            self.emit(Effect::Born(id));
            return;
        }
        let origin = Origin { born: true, creator, flags };
        let known = self.known_task(facts.task, facts.tid).filter(|&id| self.lives(id));
        let id = match known {
            Some(id) if self.is_birth_of(id, facts) => {
                if self.row(id).certainty() == Certainty::Observed {
                    self.out.task = Some(id);
                    self.impossible(Impossible::BornTwice(id));
                    return;
                }
                self.refresh(id, facts, vector, origin)
            }
            Some(other) => {
                self.vanish(other);
                self.enter(facts, vector, Certainty::Observed, origin)
            }
            None => self.enter(facts, vector, Certainty::Observed, origin),
        };
        if let Some(row) = self.tasks.get_mut(id) {
            row.set_certainty(Certainty::Observed);
            row.creator = Link::of(creator);
            row.creator_tid = header.actor_tid;
        }
        if self.look_of(id).clone_flags != flags {
            self.relook(id, |look| look.clone_flags = flags);
        }
        self.out.task = Some(id);
        self.emit(Effect::Born(id));
    }

    /// Whether a birth is that of a task that something has shown already.
    fn is_birth_of(&self, id: TaskId, facts: &TaskFacts) -> bool {
        let birth = self.birth(id);
        let same = birth == facts.start || birth == 0;
        same && self.row(id).tid == facts.tid && self.tgid(id) == facts.tgid
    }

    /// Enters a task of which only an event that names it is known.
    pub(super) fn placeholder(&mut self, key: u64, tid: i32, tgid: i32) -> TaskId {
        let exit_signal = if tid == tgid { 17 } else { -1 };
        let facts = TaskFacts { task: key, tid, tgid, exit_signal, ..TaskFacts::default() };
        let id = self.enter(&facts, &Vector::EMPTY, Certainty::Inferred, Origin::default());
        self.emit(Effect::Found(id));
        id
    }

    /// Enters a task into the tables.
    pub(super) fn enter(
        &mut self,
        facts: &TaskFacts,
        vector: &Vector,
        certainty: Certainty,
        origin: Origin,
    ) -> TaskId {
        let leads = facts.tid == facts.tgid;
        let joined = if leads { None } else { Some(self.leader_of_thread(facts)) };
        let exited = has_exited(facts);
        let mut row = Row {
            start: Wide::new(facts.start),
            tid: facts.tid,
            mark: self.sweep.mark as u16,
            ..Row::GONE
        };
        row.set_state(if exited { TaskState::Zombie } else { TaskState::Running });
        row.set_certainty(certainty);
        if self.tasks.is_worn() {
            self.forget_creators();
        }
        let id = self.tasks.insert(row);
        let clone_flags = if origin.born { origin.flags } else { 0 };
        self.draft = Some((id, Look { clone_flags, ..Look::NONE }));
        if facts.exit_code != 0
            && let Some(cold) = self.cold_mut(id)
        {
            cold.exit_code = facts.exit_code;
        }
        if let Some(leader) = joined {
            self.join_group(id, leader);
        }
        self.index_key(id, facts.task);
        if vector.is_empty() {
            self.index.loose.insert(facts.tid, id);
        }
        if certainty != Certainty::Inferred {
            self.read_facts(id, facts);
        }
        self.attach_pid(id, facts, vector, origin);
        self.enter_parent(id, (facts.real_parent, facts.ppid), origin.creator);
        if leads || self.task_pgrp(id).is_none() {
            self.read_groups(id, facts, origin.creator, false);
        }
        self.read_namespaces(id, facts, origin, false);
        self.read_tracer(id, facts, false);
        self.settle_look();
        id
    }

    /// The table is about to count its entries from 1 again: what is older cannot be told.
    fn forget_creators(&mut self) {
        for slot in 0..self.tasks.slots() as u32 {
            if let Some(row) = self.tasks.at_mut(slot) {
                row.creator = Link::NONE;
            }
        }
    }

    /// The leader of the process that a thread belongs to. It is in the tables as long as it has a
    /// thread, so one that nobody has seen becomes known here.
    fn leader_of_thread(&mut self, facts: &TaskFacts) -> TaskId {
        let by_key = self.live_task(facts.leader);
        let fits = |id: &TaskId| self.tgid(*id) == facts.tgid;
        let leader = by_key.filter(fits).or_else(|| self.find_task(facts.tgid).filter(fits));
        let leader = leader.unwrap_or_else(|| {
            let taken = by_key.is_some() || facts.leader == facts.task;
            let key = if taken { 0 } else { facts.leader };
            self.placeholder(key, facts.tgid, facts.tgid)
        });
        self.leader(leader)
    }

    /// What a record says about the task alone.
    pub(super) fn read_facts(&mut self, id: TaskId, facts: &TaskFacts) {
        if facts.start != 0 {
            self.set_start(id, facts.start);
        }
        self.set_comm(id, facts.comm);
        self.relook(id, |look| {
            if facts.cgroup != 0 {
                look.cgroup = facts.cgroup;
            }
            if facts.time_for_children_inum != 0 {
                look.time_for_children = facts.time_for_children_inum;
            }
            look.exit_signal = facts.exit_signal;
            look.flags = facts.flags;
            look.uid = Some(facts.uid);
            look.gid = Some(facts.gid);
            look.run_state = facts.state;
            look.bits = facts.bits;
        });
    }
}
