//! The numbers of a pid at each level, and who has them: `pid_namespace.idr`.

use super::super::history::number_key;
use super::super::{Effect, Impossible, NsFate, NsId, Numbers, PidId, TaskState, World};
use super::birth::Origin;
use crate::event::Upid;
use tracer_ebpf::wire::MAX_UPIDS;

impl World {
    /// The namespace of each level of a vector; those nobody has seen are made.
    pub(super) fn resolve(&mut self, vector: &[Upid], origin: Origin) -> Numbers {
        if let [only] = vector {
            return Numbers::new(&[(self.level_ns(only, 0, None, Origin::default()), only.nr)]);
        }
        let mut numbers = [(None, 0); MAX_UPIDS];
        let mut parent = None;
        for (level, (slot, upid)) in numbers.iter_mut().zip(vector).enumerate() {
            let deepest = level + 1 == vector.len();
            let origin = if deepest { origin } else { Origin::default() };
            let ns = self.level_ns(upid, level as u32, parent, origin);
            *slot = (ns, upid.nr);
            parent = ns;
        }
        for (ns, _) in numbers.iter_mut().take(vector.len()) {
            // a vector that names one key twice has ended a namespace on the way
            *ns = ns.filter(|&ns| self.ns(ns).fate != NsFate::Destroyed);
        }
        Numbers::new(numbers.get(..vector.len()).unwrap_or_default())
    }

    /// Takes the numbers: the newest pid with a number has it (`idr_replace` in `alloc_pid`).
    pub(super) fn claim(&mut self, id: PidId, allocated: bool) {
        let numbers = self.pid(id).numbers.clone();
        let last = numbers.len().saturating_sub(1);
        for (level, &(ns, nr)) in numbers.iter().enumerate() {
            let Some(ns) = ns.filter(|_| nr > 0) else { continue };
            let before = self.index.numbers.insert(number_key(ns, nr), id);
            if let Some(old) = before.filter(|&old| old != id) {
                self.dispute(old);
            }
            let mark = self.sweep.mark;
            let Some(space) = self.spaces.get_mut(ns) else { continue };
            space.mark = mark;
            if space.fate == NsFate::Held {
                space.fate = NsFate::Alive;
                space.ended = 0;
            }
            let Some(space) = &mut space.pid else { continue };
            space.members += 1;
            if nr == 1 && level == last {
                space.init = Some(id);
            }
            if allocated {
                space.cursor = (nr as u32).saturating_add(1);
            }
        }
    }

    /// Gives the numbers back (`idr_remove` in `free_pid`).
    pub(super) fn unclaim(&mut self, id: PidId) {
        let numbers = self.pid(id).numbers.clone();
        for &(ns, nr) in &numbers {
            let Some(ns) = ns.filter(|_| nr > 0) else { continue };
            let key = number_key(ns, nr);
            if self.index.numbers.get(&key) == Some(&id) {
                self.index.numbers.remove(&key);
            }
            let now = self.now;
            let Some(space) = self.spaces.get_mut(ns) else { continue };
            let Some(pid) = &mut space.pid else { continue };
            pid.members = pid.members.saturating_sub(1);
            if pid.members == 0 && space.fate != NsFate::Destroyed && Some(ns) != self.root {
                space.fate = NsFate::Held;
                space.ended = now;
            }
        }
    }

    /// A number of this pid was given to another: its end was not seen, or cannot be.
    fn dispute(&mut self, old: PidId) {
        let sees = self.config.sees.release && !self.losses.open;
        let pid = self.pid(old);
        let users = pid.pgrp_users + pid.session_users > 0;
        match pid.task.filter(|&task| self.task(task).is_live()) {
            // the tracepoints do not show a reaping; the new use of the number proves it
            Some(task) if self.task(task).state == TaskState::Zombie && !sees => {
                self.release(task, None, true);
            }
            Some(_) => self.impossible(Impossible::NumberInUse(old)),
            None if users => self.impossible(Impossible::NumberInUse(old)),
            None => (),
        }
        self.end_pid(old);
    }

    /// Whether the levels of a pid are those of its namespaces, each the parent of the next.
    pub(super) fn check_vector(&mut self, id: PidId) {
        let mut parent: Option<NsId> = None;
        for (level, &(ns, _)) in self.pid(id).numbers.iter().enumerate() {
            let Some(space) = ns.and_then(|ns| self.ns(ns).pid.as_ref()) else {
                parent = None;
                continue;
            };
            let above = space.parent.is_none() || parent.is_none() || space.parent == parent;
            if space.level as usize != level || !above {
                self.impossible(Impossible::BadVector(id));
                return;
            }
            parent = ns;
        }
    }

    /// Its namespaces are still spoken of.
    pub(super) fn mention(&mut self, id: PidId) {
        if self.sweep.generation.is_none() {
            return;
        }
        let numbers = self.pid(id).numbers.clone();
        for &(ns, _) in &numbers {
            if let Some(ns) = ns.and_then(|ns| self.spaces.get_mut(ns)) {
                ns.mark = self.sweep.mark;
            }
        }
    }

    /// The init of a PID namespace is dead, which tells that the namespace takes no more tasks.
    pub(super) fn infer_ns_dying(&mut self, ns: NsId) {
        if let Some(space) = self.spaces.get_mut(ns)
            && space.fate == NsFate::Alive
        {
            space.fate = NsFate::Dying;
            self.emit(Effect::NsDying(ns));
        }
    }
}
