//! The numbers of a pid at each level, and who has them: `pid_namespace.idr`.

use super::super::pid::{Number, PidFlag};
use super::super::{Effect, Impossible, NsFate, NsId, PidId, World};
use super::birth::Origin;
use crate::event::Upid;
use tracer_ebpf::wire::MAX_UPIDS;

/// The numbers of a pid on their way into the tables.
pub(super) struct Resolved {
    all: [Number; MAX_UPIDS],
    len: usize,
}

impl std::ops::Deref for Resolved {
    type Target = [Number];
    fn deref(&self) -> &[Number] {
        self.all.get(..self.len).unwrap_or_default()
    }
}

impl World {
    /// The numbers of a vector with the namespace of each level; those nobody has seen are made.
    pub(super) fn resolve(&mut self, vector: &[Upid], origin: Origin) -> Resolved {
        let mut numbers =
            Resolved { all: [(None, 0); MAX_UPIDS], len: vector.len().min(MAX_UPIDS) };
        if let ([only], Some(slot)) = (vector, numbers.all.first_mut()) {
            *slot = (self.level_ns(only, 0, None, Origin::default()), only.nr);
            return numbers;
        }
        let mut parent = None;
        for (level, (slot, upid)) in numbers.all.iter_mut().zip(vector).enumerate() {
            let deepest = level + 1 == vector.len();
            let origin = if deepest { origin } else { Origin::default() };
            let above = vector.iter().take(level).any(|above| above.ns == upid.ns);
            self.place_ns(upid.ns, level as u32, parent, above);
            let ns = self.level_ns(upid, level as u32, parent, origin);
            *slot = (ns, upid.nr);
            parent = ns;
        }
        for (level, (ns, _)) in numbers.all.iter_mut().take(vector.len()).enumerate() {
            // a vector that names one key twice has ended a namespace on the way
            *ns = ns.filter(|&ns| self.ns(ns).fate != NsFate::Destroyed);
            *ns = ns.filter(|&ns| level == 0 || Some(ns) != self.root);
        }
        numbers
    }

    /// Takes the numbers: the newest pid with a number has it (`idr_replace` in `alloc_pid`).
    pub(super) fn claim(&mut self, id: PidId, allocated: bool) {
        let levels = self.numbers(id).len();
        for level in 0..levels {
            let Some((Some(ns), nr)) = self.number(id, level).filter(|&(_, nr)| nr > 0) else {
                continue;
            };
            let before = self.index_number(id, ns, nr);
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
            if nr == 1 && level + 1 == levels {
                space.init = Some(id);
            }
            if allocated {
                space.cursor = (nr as u32).saturating_add(1);
            }
        }
    }

    /// Gives the numbers back (`idr_remove` in `free_pid`).
    pub(super) fn unclaim(&mut self, id: PidId) {
        for level in 0..self.numbers(id).len() {
            let Some((Some(ns), nr)) = self.number(id, level).filter(|&(_, nr)| nr > 0) else {
                continue;
            };
            self.unindex_number(id, ns, nr);
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
        let users = self.pid_row(old).is_used();
        match self.live_holder(old) {
            // the tracepoints do not show a reaping; the new use of the number proves it
            Some(task) if !self.runs(task) && !sees => {
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
        if !self.pid_row(id).is(PidFlag::Deep) {
            return;
        }
        for (level, &(ns, _)) in self.numbers(id).iter().enumerate() {
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
        for level in 0..self.numbers(id).len() {
            let ns = self.number(id, level).and_then(|(ns, _)| ns);
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
