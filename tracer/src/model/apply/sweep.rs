//! Sweeps by the iterator: what they no longer find has ended unseen.

use super::super::{Certainty, NsFate, PidId, PidState, TaskId, World};
use crate::event::{Lost, Mark};

impl World {
    /// The iterator starts.
    pub(super) fn on_sweep_begin(&mut self, mark: &Mark) {
        self.sweep.mark = self.sweep.mark.wrapping_add(1);
        self.sweep.generation = Some(mark.generation);
        self.sweep.losses = self.losses.count;
        self.sweep.begun = self.now;
    }

    /// Records are missing: until the next sweep completes, the tables may be wrong.
    pub(super) fn on_lost(&mut self, lost: &Lost) {
        self.losses.count = self.losses.count.saturating_add(lost.count);
        self.losses.open = true;
        self.losses.certain_since = None;
    }

    /// A task acts, so it lives, wherever the iterator passed it by (an exec by a thread moves a
    /// task to a number that the iterator has already visited).
    pub(super) fn saw_acting(&mut self, actor: u64) {
        if self.sweep.generation.is_none() {
            return;
        }
        let mark = self.sweep.mark as u16;
        if let Some(row) = self.at_key(actor).and_then(|id| self.tasks.get_mut(id)) {
            row.mark = mark;
        }
    }

    /// The iterator has shown every task.
    pub(super) fn on_sweep_end(&mut self, mark: &Mark) {
        if self.sweep.generation != Some(mark.generation) {
            return;
        }
        self.meet();
        self.sweep_tasks();
        self.sweep_pids();
        self.sweep_namespaces();
        self.sweep.generation = None;
        let whole = self.sweep.losses == self.losses.count;
        if whole {
            self.losses.open = false;
            self.losses.certain_since = Some(self.now);
        }
    }

    fn sweep_tasks(&mut self) {
        let mark = self.sweep.mark as u16;
        let unseen = self.tasks.iter().filter(|(_, task)| {
            task.is_live() && task.mark != mark && task.certainty() != Certainty::Proc
        });
        let mut unseen: Vec<_> = unseen.map(|(id, task)| (task.tid, id)).collect();
        unseen.sort_unstable();
        for (_, id) in unseen {
            if !self.lives(id) {
                continue;
            }
            if self.may_be_hidden(id) {
                self.doubt(id);
                continue;
            }
            if self.runs(id) {
                self.vanish(id);
            } else {
                self.release(id, None, true);
            }
        }
    }

    /// Whether a live task may escape a sweep: a thread of a process that the iterator does not
    /// show, or one whose exec takes its exited leader's number at this moment, behind the iterator,
    /// which has shown the leader: that is over by the next sweep.
    fn may_be_hidden(&self, id: TaskId) -> bool {
        let leader = self.leader(id);
        let last_seen = self.row(id).mark.wrapping_add(1) == self.sweep.mark as u16;
        let shown = self.row(leader).mark == self.sweep.mark as u16;
        // behind a loss it may as well have ended unseen; where its exec is seen, that is likelier
        let likely = !self.losses.open || !self.config.sees.free_pid;
        let exec = likely && last_seen && shown && !self.runs(leader) && self.running(id) > 0;
        self.row(leader).certainty() == Certainty::Proc || exec
    }

    /// A thread that escapes a sweep behind a loss may as well have ended unseen.
    fn doubt(&mut self, id: TaskId) {
        if self.losses.open
            && let Some(row) = self.tasks.get_mut(id)
            && row.certainty() != Certainty::Proc
        {
            row.set_certainty(Certainty::Inferred);
        }
    }

    fn sweep_pids(&mut self) {
        let sure = self.config.sees.free_pid && !self.losses.open;
        if sure {
            return; // free_pid is seen: a pid without a user is about to be freed
        }
        let mut unseen: Vec<(i32, PidId)> = Vec::new();
        for (id, pid) in self.pids.iter() {
            let fresh = pid.state() == PidState::Allocated && !self.losses.open;
            if pid.mark != self.sweep.mark as u16 && !fresh && self.is_unused(id) {
                unseen.push((pid.nr, id));
            }
        }
        unseen.sort_unstable();
        for (_, id) in unseen {
            self.free(id, true);
        }
    }

    fn sweep_namespaces(&mut self) {
        if self.config.sees.ns_destroy && !self.losses.open {
            return;
        }
        let held = self.spaces.iter().filter(|(id, ns)| {
            let empty = ns.pid.as_ref().is_some_and(|pid| pid.members == 0 && pid.awaited_by == 0);
            let parent = self.spaces.iter().any(|(_, child)| {
                let at = child.pid.as_ref().and_then(|pid| pid.parent);
                child.fate != NsFate::Destroyed && at == Some(*id)
            });
            empty && !parent && ns.fate != NsFate::Destroyed && ns.mark != self.sweep.mark
        });
        let mut held: Vec<_> = held.map(|(id, ns)| (ns.level(), ns.inum, id)).collect();
        held.sort_unstable();
        for (.., id) in held {
            self.destroy(id);
        }
    }
}
