//! Births: `task_newtask`, and the entry of a task that already lives.

use super::super::task::ProcessId;
use super::super::{Certainty, Effect, Impossible, Process, Task, TaskId, TaskState, World};
use crate::event::{Header, TaskFacts, TaskKey, Vector};

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
        let origin = Origin { born: true, creator, flags };
        let known = self.known_task(facts.task, facts.tid).filter(|&id| self.task(id).is_live());
        let id = match known {
            Some(id) if self.is_birth_of(id, facts) => {
                if self.task(id).certainty == Certainty::Observed {
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
        if let Some(task) = self.tasks.get_mut(id) {
            task.certainty = Certainty::Observed;
            task.creator = creator;
            task.creator_tid = header.actor_tid;
            task.clone_flags = flags;
        }
        self.out.task = Some(id);
        self.emit(Effect::Born(id));
    }

    /// Whether a birth is that of a task that something has shown already.
    fn is_birth_of(&self, id: TaskId, facts: &TaskFacts) -> bool {
        let task = self.task(id);
        let same = task.birth == facts.start || task.birth == 0;
        same && task.tid == facts.tid && task.tgid == facts.tgid
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
        let joined = if leads { None } else { Some(self.process_of_thread(facts)) };
        let exited = facts.exit_state != 0;
        let id = self.tasks.insert(Task {
            key: TaskKey(facts.task),
            state: if exited { TaskState::Zombie } else { TaskState::Running },
            certainty,
            tid: facts.tid,
            tgid: facts.tgid,
            start: facts.start,
            birth: facts.start,
            birth_tid: facts.tid,
            exit_code: facts.exit_code,
            mark: self.sweep.mark,
            ..Task::GONE
        });
        let process = joined.unwrap_or_else(|| self.processes.insert(Process::new(id)));
        self.join(id, process, !exited);
        if facts.task != 0 {
            self.index.tasks.insert(facts.task, id);
        }
        if vector.is_empty() {
            self.index.loose.insert(facts.tid, id);
        }
        if certainty != Certainty::Inferred {
            self.read_facts(id, facts);
        }
        self.attach_pid(id, facts, vector, origin);
        self.enter_parent(id, facts.real_parent, facts.ppid);
        if leads || self.processes.get(process).is_some_and(|process| process.pgrp.is_none()) {
            self.read_groups(id, facts, false);
        }
        self.read_namespaces(id, facts, origin, false);
        self.read_tracer(id, facts, false);
        id
    }

    /// Makes a task a thread of a process.
    fn join(&mut self, id: TaskId, process: ProcessId, running: bool) {
        let Some(group) = self.processes.get_mut(process) else { return };
        group.threads.push(id);
        group.tasks += 1;
        group.running += u32::from(running);
        let leader = group.leader;
        if let Some(task) = self.tasks.get_mut(id) {
            task.process = process;
            task.leader = Some(leader);
        }
    }

    /// The process that a thread belongs to. Its leader is in the tables as long as it has a
    /// thread, so a leader that nobody has seen becomes known here.
    fn process_of_thread(&mut self, facts: &TaskFacts) -> ProcessId {
        let by_key = self.live_task(facts.leader);
        let fits = |id: &TaskId| self.task(*id).tgid == facts.tgid;
        let leader = by_key.filter(fits).or_else(|| self.find_task(facts.tgid).filter(fits));
        let leader = leader.unwrap_or_else(|| {
            let taken = by_key.is_some() || facts.leader == facts.task;
            let key = if taken { 0 } else { facts.leader };
            self.placeholder(key, facts.tgid, facts.tgid)
        });
        self.task(leader).process
    }

    /// What a record says about the task alone.
    pub(super) fn read_facts(&mut self, id: TaskId, facts: &TaskFacts) {
        const PF_KTHREAD: u32 = 0x0020_0000;
        let Some(task) = self.tasks.get_mut(id) else { return };
        if task.birth == 0 {
            task.birth = facts.start;
        }
        if facts.start != 0 {
            task.start = facts.start;
        }
        if facts.cgroup != 0 {
            task.cgroup = facts.cgroup;
        }
        if facts.time_for_children_inum != 0 {
            task.time_for_children = facts.time_for_children_inum;
        }
        task.exit_signal = facts.exit_signal;
        task.flags = facts.flags;
        task.kernel = facts.flags & PF_KTHREAD != 0;
        task.comm = facts.comm;
        task.uid = Some(facts.uid);
        task.gid = Some(facts.gid);
        task.run_state = facts.state;
        task.bits = facts.bits;
    }
}
