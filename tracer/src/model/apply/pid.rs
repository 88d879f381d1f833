//! `struct pid`: allocated, attached, held, freed.

use super::super::{Effect, Impossible, Numbers, Pid, PidId, PidState, TaskId, TaskState, World};
use super::birth::Origin;
use crate::event::{FreePid, Header, PidFacts, PidKey, TaskFacts, Upid};

impl World {
    /// `alloc_pid` returned.
    pub(super) fn on_alloc_pid(&mut self, header: &Header, facts: &PidFacts) {
        let creator = self.live_task(header.actor);
        if let Some(&old) = self.index.pids.get(&facts.pid.0) {
            self.end_pid(old); // its free was not seen: the address is used again
        }
        let origin = Origin { born: true, creator, flags: 0 };
        let id = self.make_pid((facts.pid.0, facts.ino), &facts.vector, origin);
        if let Some(pid) = self.pids.get_mut(id) {
            pid.state = PidState::Allocated;
        }
        self.out.pid = Some(id);
        self.out.task = creator;
    }

    /// A sweep found a pid that only a group or a session uses.
    pub(super) fn on_held_pid(&mut self, facts: &PidFacts) {
        let origin = Origin::default();
        let found = self.upsert_pid((facts.pid.0, facts.ino), &facts.vector, None, origin);
        let Some(id) = found else { return };
        if let Some(pid) = self.pids.get_mut(id) {
            pid.mark = self.sweep.mark;
        }
        self.out.pid = Some(id);
        self.out.task = self.pid(id).task;
    }

    /// `free_pid` is entered: its numbers may be used again. Where nothing showed the release of
    /// its task, this proves it.
    pub(super) fn on_free_pid(&mut self, facts: &FreePid) {
        let Some(&id) = self.index.pids.get(&facts.pid) else {
            self.impossible(Impossible::UnknownPid);
            return;
        };
        self.out.pid = Some(id);
        let pid = self.pid(id);
        let other = pid.ino != 0 && facts.ino != 0 && pid.ino != facts.ino;
        if other || pid.nr() != facts.nr {
            self.end_pid(id);
            self.impossible(Impossible::UnknownPid);
            return;
        }
        if let Some(task) = self.pid(id).task.filter(|&task| self.task(task).is_live()) {
            // an exec by a thread frees the number that the thread had and its old leader has now
            let leader = self.process(task).leader;
            let swapped = self.task(leader).state == TaskState::Zombie;
            if swapped && self.task(task).state == TaskState::Running {
                self.take_over(task);
            }
        }
        if let Some(task) = self.pid(id).task.filter(|&task| self.task(task).is_live()) {
            self.release(task, None, true);
        }
        self.out.task = self.pid(id).task;
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
        if let Some(&id) = self.index.pids.get(&key)
            && self.task(task).pid != Some(id)
            && self.pid(id).nr() == self.task(task).tid
        {
            self.give_pid(task, id);
        }
    }

    fn give_pid(&mut self, task: TaskId, id: PidId) {
        let had = self.task(task).pid;
        let holder = self.pid(id).task.filter(|&holder| self.task(holder).is_live());
        if let Some(other) = holder.filter(|&other| other != task) {
            self.vanish(other);
        }
        if !self.task(task).is_live() {
            return; // it was a thread of the one that has just ended
        }
        let mark = self.sweep.mark;
        let Some(pid) = self.pids.get_mut(id).filter(|pid| pid.is_live()) else { return };
        pid.state = PidState::Attached;
        pid.task = Some(task);
        pid.mark = mark;
        if let Some(task) = self.tasks.get_mut(task) {
            task.pid = Some(id);
        }
        self.index_loose(task);
        if let Some(old) = had.filter(|&old| old != id) {
            if let Some(old) = self.pids.get_mut(old).filter(|old| old.task == Some(task)) {
                old.task = None;
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
        let by_key = self.index.pids.get(&key).copied();
        let by_number = || {
            let found = self.root.and_then(|root| self.find_pid_ns(first.nr, root));
            found.filter(|&id| key == 0 || self.pid(id).key.0 == 0)
        };
        let Some(id) = by_key.or_else(by_number) else {
            return Some(self.make_pid((key, ino), vector, origin));
        };
        if !self.is_same_pid(id, ino, vector) {
            let owner = self.pid(id).task;
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
        let pid = self.pid(id);
        if pid.ino != 0 && ino != 0 && pid.ino != ino {
            return false;
        }
        let partial = pid.numbers.len() < vector.len() && pid.numbers.len() == 1;
        (partial || pid.numbers.len() == vector.len() || vector.len() == 1)
            && pid.numbers.iter().zip(vector).all(|(&(_, nr), upid)| nr == upid.nr)
    }

    /// Fills in what was not known of a pid that something had only named.
    fn complete_pid(&mut self, id: PidId, (key, ino): (u64, u64), vector: &[Upid], origin: Origin) {
        let mark = self.sweep.mark;
        let Some(pid) = self.pids.get_mut(id) else { return };
        if pid.key.0 == 0 && key != 0 {
            pid.key = PidKey(key);
            self.index.pids.insert(key, id);
        }
        pid.mark = mark;
        if ino != 0 {
            pid.ino = ino;
        }
        let whole = pid.numbers.iter().all(|(ns, _)| ns.is_some());
        if whole && pid.numbers.len() >= vector.len() {
            if pid.numbers.len() == vector.len() {
                self.mention(id);
            }
            return;
        }
        self.unclaim(id);
        if let Some(pid) = self.pids.get_mut(id) {
            pid.numbers = Numbers::EMPTY;
        }
        let numbers = self.resolve(vector, origin);
        if let Some(pid) = self.pids.get_mut(id).filter(|pid| pid.is_live()) {
            pid.numbers = numbers;
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
        let numbers = self.resolve(vector, origin);
        let id = self.store_pid((key, ino), numbers, if origin.born { self.now } else { 0 });
        self.claim(id, origin.born);
        self.check_vector(id);
        id
    }

    fn store_pid(&mut self, (key, ino): (u64, u64), numbers: Numbers, allocated: u64) -> PidId {
        let id = self.pids.insert(Pid {
            key: PidKey(key),
            ino,
            state: PidState::Attached,
            numbers,
            allocated,
            mark: self.sweep.mark,
            ..Pid::GONE
        });
        if key != 0 {
            self.index.pids.insert(key, id);
        }
        id
    }

    /// The pid of a group or a session that a record names. One that nobody has seen is made with
    /// the one number that is known.
    pub(super) fn pid_named(&mut self, key: u64, nr: i32) -> Option<PidId> {
        if let Some(&id) = self.index.pids.get(&key) {
            if self.pid(id).nr() == nr {
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
        if let Some(id) = by_number.filter(|&id| self.pid(id).key.0 == 0) {
            if let Some(pid) = self.pids.get_mut(id) {
                pid.key = PidKey(key);
            }
            self.index.pids.insert(key, id);
            return Some(id);
        }
        let id = self.store_pid((key, 0), Numbers::new(&[(self.root, nr)]), 0);
        self.claim(id, false);
        Some(id)
    }

    fn detach(&mut self, id: PidId) {
        let Some(pid) = self.pids.get_mut(id) else { return };
        if let Some(task) = pid.task.take()
            && let Some(task) = self.tasks.get_mut(task)
        {
            task.pid = None;
        }
    }

    /// A pid has certainly ended, and with it the task that had it, though nothing showed that.
    pub(super) fn end_pid(&mut self, id: PidId) {
        if let Some(task) = self.pid(id).task.filter(|&task| self.task(task).is_live()) {
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
        let pid = self.pid(id);
        let task = pid.task.is_some_and(|task| self.task(task).is_live());
        pid.is_live() && !pid.is_idle() && !task && pid.pgrp_users == 0 && pid.session_users == 0
    }

    /// The numbers of a pid may be used again.
    pub(super) fn free(&mut self, id: PidId, inferred: bool) {
        let now = self.now;
        let Some(pid) = self.pids.get_mut(id) else { return };
        if pid.state == PidState::Freed {
            return;
        }
        pid.state = PidState::Freed;
        pid.freed = now;
        let key = pid.key.0;
        if self.index.pids.get(&key) == Some(&id) {
            self.index.pids.remove(&key);
        }
        self.unclaim(id);
        self.history.pids.push_back(id);
        self.emit(Effect::PidFreed { pid: id, inferred });
    }
}
