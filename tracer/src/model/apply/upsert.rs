//! Tasks that are read while they live: by a sweep, and after something changed them.

use super::super::row::Flag;
use super::super::{Certainty, Effect, TaskId, World};
use super::birth::Origin;
use crate::event::{TaskFacts, Vector, bits};

/// `PF_EXITING` (include/linux/sched.h).
const PF_EXITING: u32 = 0x4;

/// Whether a task that is shown is past `sched_process_exit`: it is a zombie, or it waits in its
/// exit for something (an init for the members of its namespace) and has left its namespaces.
pub(super) fn has_exited(facts: &TaskFacts) -> bool {
    let leaves = facts.flags & PF_EXITING != 0 && facts.bits & bits::HAS_NSPROXY == 0;
    facts.exit_state != 0 || leaves
}

impl World {
    /// The iterator (or `/proc`) shows a task. Showing it twice changes nothing; a task that has
    /// ended is not brought back, as the iterator may hold one for a moment after its release.
    pub(super) fn on_snapshot(
        &mut self,
        facts: &TaskFacts,
        vector: &Vector,
        generation: u64,
        from_proc: bool,
    ) {
        let certainty = if from_proc { Certainty::Proc } else { Certainty::Snapshot };
        let current = from_proc || self.sweep.generation == Some(generation);
        let origin = Origin::default();
        let Some(id) = self.read_task(facts, vector, certainty, origin) else { return };
        if current && let Some(row) = self.tasks.get_mut(id) {
            row.mark = self.sweep.mark as u16;
        }
    }

    /// A task is read again after an event that changed it.
    pub(super) fn on_update(&mut self, facts: &TaskFacts, vector: &Vector) {
        let by = self.unsharing.take().filter(|&(task, _)| self.row(task).key.get() == facts.task);
        let origin = by.map_or(Origin::default(), |(task, flags)| Origin {
            born: true,
            creator: Some(task),
            flags,
        });
        if let Some(id) = self.read_task(facts, vector, Certainty::Snapshot, origin)
            && let Some(row) = self.tasks.get_mut(id)
        {
            row.mark = self.sweep.mark as u16;
        }
    }

    fn read_task(
        &mut self,
        facts: &TaskFacts,
        vector: &Vector,
        certainty: Certainty,
        origin: Origin,
    ) -> Option<TaskId> {
        if facts.tid <= 0 || facts.tgid <= 0 {
            return None;
        }
        let known = self.known_task(facts.task, facts.tid);
        if let Some(id) = known {
            self.out.task = Some(id);
            if !self.lives(id) {
                if vector.is_empty() || !self.is_successor(id, facts) {
                    return None;
                }
            } else if certainty == Certainty::Proc && !self.is_hazy(id) {
                return Some(id); // what the iterator or a hook said is better
            } else {
                let id = self.refresh(id, facts, vector, origin);
                if self.is_hazy(id)
                    && let Some(row) = self.tasks.get_mut(id)
                {
                    row.set_certainty(certainty);
                }
                self.out.task = Some(id);
                return Some(id);
            }
        }
        if vector.is_empty() {
            return None;
        }
        let id = self.enter(facts, vector, certainty, Origin::default());
        self.out.task = Some(id);
        self.emit(Effect::Found(id));
        Some(id)
    }

    fn is_hazy(&self, id: TaskId) -> bool {
        matches!(self.row(id).certainty(), Certainty::Inferred | Certainty::Proc)
    }

    /// Whether what is shown is a newer task at the address of one that has ended, or one whose
    /// end a sweep concluded wrongly.
    fn is_successor(&self, id: TaskId, facts: &TaskFacts) -> bool {
        let (row, tgid) = (self.row(id), self.tgid(id));
        let swapped = facts.tid == tgid && row.tid != tgid;
        let restarted = facts.start != row.start.get() && facts.start != self.birth(id);
        row.is(Flag::Vanished) || restarted && !swapped
    }

    /// Whether what is shown cannot be the live task that the tables have at its key: the address
    /// was used again, and the end of the old task was lost.
    fn is_other(&self, id: TaskId, facts: &TaskFacts) -> bool {
        facts.tid != self.row(id).tid || facts.tgid != self.tgid(id)
    }

    /// The exec of a thread is behind the sweep, and so may be its old leader's end: only the sweep
    /// itself shows that it is still there.
    fn unmark(&mut self, old_leader: TaskId) {
        if let Some(row) = self.tasks.get_mut(old_leader) {
            row.mark = (self.sweep.mark as u16).wrapping_sub(1);
        }
    }

    /// Brings a live task up to date; effects only for what differs. Answers the task that is now
    /// at the key.
    pub(super) fn refresh(
        &mut self,
        id: TaskId,
        facts: &TaskFacts,
        vector: &Vector,
        origin: Origin,
    ) -> TaskId {
        let leader = self.leader(id);
        self.witness_swap(id, facts.tid, facts.tgid);
        if self.losses.open && leader != id && self.leader(id) == id {
            self.unmark(leader);
        }
        if self.is_other(id, facts) {
            self.vanish(id);
            let id = self.enter(facts, vector, Certainty::Snapshot, origin);
            if !origin.born {
                self.emit(Effect::Found(id));
            }
            return id;
        }
        self.read_facts(id, facts);
        self.attach_pid(id, facts, vector, origin);
        self.set_parent(id, facts.real_parent, facts.ppid);
        self.read_groups(id, facts, None, true);
        self.read_namespaces(id, facts, origin, true);
        self.read_tracer(id, facts, true);
        // Where nothing is lost, the record of an exit that is not complete is yet to come.
        let exited = facts.exit_state != 0 || self.losses.open && has_exited(facts);
        if exited && self.runs(id) {
            self.becomes_zombie(id);
            if let Some(cold) = self.cold_mut(id) {
                cold.exit_code = facts.exit_code;
            }
            self.emit(Effect::Exited(id));
        }
        id
    }
}
