//! `struct pid`: allocated, attached, held, freed.

use super::super::hash::mix;
use super::super::pid::{Number, PastPid, PidFlag, PidRow};
use super::super::row::Wide;
use super::super::slab::Link;
use super::super::{Effect, Impossible, PidId, PidState, TaskId, World};
use super::birth::Origin;
use crate::event::{FreePid, Header, PidFacts, TaskFacts, Upid};

impl World {
    /// `alloc_pid` returned.
    pub(super) fn on_alloc_pid(&mut self, header: &Header, facts: &PidFacts) {
        let creator = self.live_task(header.actor);
        if let Some(old) = self.pid_at(facts.pid.0) {
            self.end_pid(old); // its free was not seen: the address is used again
        }
        let origin = Origin { born: true, creator, flags: 0 };
        let id = self.make_pid((facts.pid.0, facts.ino), &facts.vector, origin);
        if let Some(pid) = self.pids.get_mut(id) {
            pid.set_state(PidState::Allocated);
        }
        self.out.pid = Some(id);
        self.out.task = creator;
    }

    /// A sweep found a pid that only a group or a session uses.
    pub(super) fn on_held_pid(&mut self, facts: &PidFacts) {
        if self.is_past(facts) {
            return;
        }
        let origin = Origin::default();
        let found = self.upsert_pid((facts.pid.0, facts.ino), &facts.vector, None, origin);
        let Some(id) = found else { return };
        if let Some(pid) = self.pids.get_mut(id) {
            pid.mark = self.sweep.mark as u16;
        }
        self.out.pid = Some(id);
        self.out.task = self.holder(id);
    }

    /// Whether a pid that is shown without a task has been freed meanwhile: it is read before the
    /// place of its record is reserved, and a task that runs now has got its number.
    fn is_past(&self, facts: &PidFacts) -> bool {
        let Some(first) = facts.vector.first().filter(|_| self.pid_at(facts.pid.0).is_none())
        else {
            return false;
        };
        let now = self.root.and_then(|root| self.find_pid_ns(first.nr, root));
        let task = now.and_then(|pid| self.live_holder(pid));
        task.is_some_and(|task| self.runs(task) && self.row(task).mark == self.sweep.mark as u16)
    }

    /// `free_pid` is entered: its numbers may be used again. Where nothing showed the release of
    /// its task, this proves it.
    pub(super) fn on_free_pid(&mut self, header: &Header, facts: &FreePid) {
        let Some(id) = self.pid_at(facts.pid) else {
            self.impossible(Impossible::UnknownPid);
            return;
        };
        self.out.pid = Some(id);
        let ino = self.ino(id);
        let other = ino != 0 && facts.ino != 0 && ino != facts.ino;
        if other || self.pid_row(id).nr != facts.nr {
            self.end_pid(id);
            self.impossible(Impossible::UnknownPid);
            return;
        }
        if let Some(task) = self.live_holder(id) {
            // an exec by a thread frees the number that the thread had and its old leader has now
            if self.row(task).key.get() == header.actor {
                self.witness_swap(task, header.actor_tid, header.actor_tgid);
            } else if self.runs(task) && !self.runs(self.leader(task)) {
                self.take_over(task);
            }
        }
        if let Some(task) = self.live_holder(id) {
            self.release(task, None, true);
        }
        self.out.task = self.holder(id);
        self.free(id, false);
    }

    /// Gives a task the pid that a record says it has.
    pub(super) fn attach_pid(
        &mut self,
        task: TaskId,
        facts: &TaskFacts,
        vector: &[Upid],
        origin: Origin,
    ) {
        if vector.is_empty() {
            return;
        }
        let Some(id) = self.upsert_pid((facts.pid, facts.ino), vector, Some(task), origin) else {
            return;
        };
        self.give_pid(task, id);
    }

    /// An event names the pid of a task: another one than the tables have shows that they are
    /// wrong about it.
    pub(super) fn check_pid(&mut self, task: TaskId, key: u64) {
        let own = self.pid_of(task);
        if own.is_some_and(|own| self.pid_row(own).key.get() == key) {
            return;
        }
        if let Some(id) = self.pid_at(key)
            && self.pid_of(task) != Some(id)
            && self.pid_row(id).nr == self.row(task).tid
        {
            self.give_pid(task, id);
        }
    }

    fn give_pid(&mut self, task: TaskId, id: PidId) {
        let had = self.pid_of(task);
        let holder = self.live_holder(id);
        if let Some(other) = holder.filter(|&other| other != task) {
            self.vanish(other);
        }
        if !self.lives(task) {
            return; // it was a thread of the one that has just ended
        }
        let mark = self.sweep.mark;
        let Some(pid) = self.pids.get_mut(id).filter(|pid| pid.is_live()) else { return };
        pid.set_state(PidState::Attached);
        pid.link = Link::to(task);
        pid.mark = mark as u16;
        if let Some(row) = self.tasks.get_mut(task) {
            row.pid = Link::to(id);
        }
        self.index_loose(task);
        if let Some(old) = had.filter(|&old| old != id) {
            let link = Link::to(task);
            let old_row = self.pids.get_mut(old).filter(|row| row.is_live() && row.link == link);
            if let Some(row) = old_row {
                row.link = Link::NONE;
            }
            self.free_unused(old);
        }
    }

    /// The live pid at a key with these numbers; one that is not known is made, and another one at
    /// the same address has ended unseen. `own` is the task that is being read.
    pub(super) fn upsert_pid(
        &mut self,
        (key, ino): (u64, u64),
        vector: &[Upid],
        own: Option<TaskId>,
        origin: Origin,
    ) -> Option<PidId> {
        let first = vector.first()?;
        let by_key = self.pid_at(key);
        let by_number = || {
            let found = self.root.and_then(|root| self.find_pid_ns(first.nr, root));
            found.filter(|&id| key == 0 || self.pid_row(id).key.get() == 0)
        };
        let Some(id) = by_key.or_else(by_number) else {
            return Some(self.make_pid((key, ino), vector, origin));
        };
        if !self.is_same_pid(id, ino, vector) {
            let owner = self.holder(id);
            if owner.is_some() && owner == own {
                self.detach(id);
            }
            self.end_pid(id);
            return Some(self.make_pid((key, ino), vector, origin));
        }
        self.complete_pid(id, (key, ino), vector, origin);
        Some(id)
    }

    fn is_same_pid(&self, id: PidId, ino: u64, vector: &[Upid]) -> bool {
        let known = self.ino(id);
        if known != 0 && ino != 0 && known != ino {
            return false;
        }
        let numbers = self.numbers(id);
        let partial = numbers.len() < vector.len() && numbers.len() == 1;
        (partial || numbers.len() == vector.len() || vector.len() == 1)
            && numbers.iter().zip(vector).all(|(&(_, nr), upid)| nr == upid.nr)
    }

    /// Fills in what was not known of a pid that something had only named.
    fn complete_pid(&mut self, id: PidId, (key, ino): (u64, u64), vector: &[Upid], origin: Origin) {
        let Some(row) = self.pids.get_mut(id) else { return };
        row.mark = self.sweep.mark as u16;
        if row.key.get() == 0 {
            self.index_pid(id, key);
        }
        if ino != 0 && ino != self.ino(id) {
            self.set_ino(id, ino);
        }
        let numbers = self.numbers(id);
        let whole = numbers.iter().all(|(ns, _)| ns.is_some());
        if whole && numbers.len() >= vector.len() {
            if numbers.len() == vector.len() {
                self.mention(id);
            }
            return;
        }
        self.unclaim(id);
        self.set_numbers(id, &[]);
        let numbers = self.resolve(vector, origin);
        if self.pid_row(id).is_live() {
            self.set_numbers(id, &numbers);
            self.claim(id, false);
        }
    }

    /// Makes a pid with its numbers.
    pub(super) fn make_pid(
        &mut self,
        (key, ino): (u64, u64),
        vector: &[Upid],
        origin: Origin,
    ) -> PidId {
        let allocated = if origin.born { self.now } else { 0 };
        let id = if let [only] = vector {
            let number = (self.level_ns(only, 0, None, Origin::default()), only.nr);
            self.store_pid((key, ino), &[number], allocated)
        } else {
            let numbers = self.resolve(vector, origin);
            self.store_pid((key, ino), &numbers, allocated)
        };
        self.claim(id, origin.born);
        self.check_vector(id);
        id
    }

    fn store_pid(&mut self, (key, ino): (u64, u64), numbers: &[Number], allocated: u64) -> PidId {
        let mut row = PidRow {
            allocated: Wide::new(allocated),
            mark: self.sweep.mark as u16,
            ..PidRow::GONE
        };
        row.set_state(PidState::Attached);
        let id = self.pids.insert(row);
        self.index_new_pid(id, key);
        if ino != 0 {
            self.set_ino(id, ino);
        }
        self.set_numbers(id, numbers);
        id
    }

    /// The pid of a group or a session that a record names. One that nobody has seen is made with
    /// the one number that is known.
    pub(super) fn pid_named(&mut self, key: u64, nr: i32) -> Option<PidId> {
        if let Some(id) = self.pid_at(key) {
            if self.pid_row(id).nr == nr {
                return Some(id);
            }
            self.end_pid(id);
        }
        if key == 0 {
            return if nr > 0 { self.find_pid_ns(nr, self.root?) } else { None };
        }
        if nr < 0 {
            return None;
        }
        let by_number = self.root.and_then(|root| self.find_pid_ns(nr, root));
        if let Some(id) = by_number.filter(|&id| self.pid_row(id).key.get() == 0) {
            self.index_pid(id, key);
            return Some(id);
        }
        let id = self.store_pid((key, 0), &[(self.root, nr)], 0);
        self.claim(id, false);
        Some(id)
    }

    fn detach(&mut self, id: PidId) {
        let task = self.holder(id);
        let Some(pid) = self.pids.get_mut(id).filter(|pid| pid.is_live()) else { return };
        pid.link = Link::NONE;
        if let Some(row) = task.and_then(|task| self.live_mut(task)) {
            row.pid = Link::NONE;
        }
    }

    /// A pid has certainly ended, and with it the task that had it, though nothing showed that.
    pub(super) fn end_pid(&mut self, id: PidId) {
        if let Some(task) = self.live_holder(id) {
            self.vanish(task);
        }
        self.free(id, true);
    }

    /// Without a hook on `free_pid`: frees a pid that nothing uses any more.
    pub(super) fn free_unused(&mut self, id: PidId) {
        if !self.config.sees.free_pid && self.is_unused(id) {
            self.free(id, true);
        }
    }

    /// No task, group or session has it.
    pub(super) fn is_unused(&self, id: PidId) -> bool {
        let row = self.pid_row(id);
        row.is_live() && !row.is_used() && self.live_holder(id).is_none() && !self.is_idle(id)
    }

    /// The numbers of a pid may be used again.
    pub(super) fn free(&mut self, id: PidId, inferred: bool) {
        let past = PastPid { freed: self.now, task: self.holder(id) };
        let Some(row) = self.pids.get_mut(id).filter(|row| row.is_live()) else { return };
        row.set_state(PidState::Freed);
        row.set(PidFlag::Expired, false);
        self.index.found.pids.forget(row.key.get());
        self.index.pids.remove(mix(row.key.get()), id.0.slot());
        self.set_past_pid(id, past);
        self.unclaim(id);
        self.history.pids.push_back(id);
        self.emit(Effect::PidFreed { pid: id, inferred });
    }
}
