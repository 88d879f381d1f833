//! Which namespaces a task is in: `nsproxy`, the user namespace of `cred`, and the active PID
//! namespace.

use super::super::nsproxy::NsProxy;
use super::super::{Effect, NsFate, NsId, NsKind, NsSetId, TaskId, World};
use super::birth::Origin;
use crate::event::TaskFacts;

impl World {
    /// What a record says about a task's namespaces.
    pub(super) fn read_namespaces(
        &mut self,
        id: TaskId,
        facts: &TaskFacts,
        origin: Origin,
        tell: bool,
    ) {
        let active = self.task_active_pid_ns(id);
        self.set_namespaces(id, &facts.ns, active, origin, tell);
        if origin.creator == Some(id)
            && origin.flags & NsKind::Time.clone_flag() != 0
            && facts.time_for_children_inum != 0
        {
            self.create_for_children(NsKind::Time, facts.time_for_children_inum, Some(id));
        }
        if facts.for_children != 0 || facts.for_children_inum != 0 {
            let read = (facts.for_children, facts.for_children_inum);
            let ns = self.ns_for_children(read, active, origin);
            self.set_for_children(id, ns, tell);
        }
    }

    /// The PID namespace that awaits a task's children. One that nobody has seen is a child of the
    /// task's own, as unshare makes it, until more is known.
    pub(super) fn ns_for_children(
        &mut self,
        (key, inum): (u64, u32),
        active: Option<NsId>,
        origin: Origin,
    ) -> Option<NsId> {
        if let Some(own) = active.and_then(|ns| self.ns(ns).pid.as_ref())
            && key != 0
            && own.key.0 == key
        {
            return active;
        }
        let level = active.map_or(0, |ns| self.ns(ns).level().saturating_add(1));
        let upid = crate::event::Upid { ns: key, nr: 0, inum };
        let parent = active.filter(|_| origin.born);
        self.level_ns(&upid, level, parent, origin)
    }

    /// Puts a task into the namespaces with these inode numbers (0: not read).
    pub(super) fn set_namespaces(
        &mut self,
        id: TaskId,
        inums: &[u32; 8],
        active: Option<NsId>,
        origin: Origin,
        tell: bool,
    ) {
        let had = self.ns_set(id);
        if self.proxies.get(had).is_some_and(|proxy| proxy.is(inums, active)) {
            return;
        }
        // most tasks are in the namespaces of their creator
        let creator = origin.creator.map(|creator| self.ns_set(creator));
        let shared = creator
            .filter(|&set| self.proxies.get(set).is_some_and(|proxy| proxy.is(inums, active)));
        if let Some(set) = shared {
            self.switch(id, set, tell);
            return;
        }
        let before = self.proxies.get(had);
        let mut kinds = before.map_or([None; 8], |proxy| proxy.kinds);
        let known = before.map_or([0; 8], |proxy| proxy.inums);
        let made = |kind: NsKind| Origin {
            born: origin.born && origin.flags & kind.clone_flag() != 0,
            ..origin
        };
        for (kind, (slot, (&read, &known))) in
            NsKind::ALL.into_iter().zip(kinds.iter_mut().zip(inums.iter().zip(&known)))
        {
            if kind == NsKind::Pid {
                *slot = active;
            } else if read != 0 && (read != known || slot.is_none()) {
                *slot = Some(self.inode_ns(kind, read, made(kind)));
            }
        }
        let set = self.proxy(kinds);
        self.switch(id, set, tell);
    }

    /// The combination of these namespaces.
    pub(super) fn proxy(&mut self, kinds: [Option<NsId>; 8]) -> NsSetId {
        if let Some(&set) = self.index.proxies.get(&kinds) {
            return set;
        }
        let inums = kinds.map(|ns| ns.map_or(0, |ns| self.ns(ns).inum));
        let set = self.proxies.insert(NsProxy { kinds, inums, looks: 0 });
        self.index.proxies.insert(kinds, set);
        set
    }

    /// `switch_task_namespaces`, for a task that may not have had any.
    pub(super) fn switch(&mut self, id: TaskId, set: NsSetId, tell: bool) {
        let old = self.ns_set(id);
        if old == set || !self.lives(id) {
            return;
        }
        let (from, to) = (self.kinds_of(old), self.kinds_of(set));
        self.relook(id, |look| look.ns_set = set);
        for (kind, (from, to)) in NsKind::ALL.into_iter().zip(from.into_iter().zip(to)) {
            if from == to {
                continue;
            }
            if let Some(ns) = to {
                self.join_ns(ns);
            }
            if let Some(ns) = from {
                self.leave_ns(ns);
            }
            if let (Some(_), Some(to), true) = (from, to, tell && kind != NsKind::Pid) {
                self.emit(Effect::NsEntered { task: id, kind, from, to });
            }
        }
    }

    #[inline]
    pub(super) fn join_ns(&mut self, ns: NsId) {
        let Some(ns) = self.spaces.get_mut(ns) else { return };
        ns.tasks += 1;
        ns.fresh = false;
        if ns.fate == NsFate::Held && ns.pid.is_none() {
            ns.fate = NsFate::Alive;
            ns.ended = 0;
        }
    }

    #[inline]
    fn leave_ns(&mut self, id: NsId) {
        let now = self.now;
        let Some(ns) = self.spaces.get_mut(id) else { return };
        ns.tasks = ns.tasks.saturating_sub(1);
        if ns.tasks == 0 && ns.pid.is_none() && ns.fate == NsFate::Alive {
            ns.fate = NsFate::Held;
            ns.ended = now;
            self.retire_namespace(id);
        }
    }

    /// A task is released: it is in no namespace, but remembers which.
    pub(super) fn leave_namespaces(&mut self, id: TaskId) {
        for ns in self.namespaces_of(id).into_iter().flatten() {
            self.leave_ns(ns);
        }
    }

    /// Says where a task's children will be born.
    pub(super) fn set_for_children(&mut self, id: TaskId, ns: Option<NsId>, tell: bool) {
        let Some(to) = ns else { return };
        if !self.lives(id) {
            return;
        }
        let from = self.for_children(id);
        self.relook(id, |look| look.for_children = Some(to));
        self.await_children(id);
        if tell && from.is_some() && from != Some(to) {
            self.emit(Effect::NsEntered { task: id, kind: NsKind::Pid, from, to });
        }
    }

    /// Counts a task for the namespace that it holds for its children. A zombie has no nsproxy.
    pub(super) fn await_children(&mut self, id: TaskId) {
        let children = if self.runs(id) { self.for_children(id) } else { None };
        let awaited = children.filter(|&ns| Some(ns) != self.task_active_pid_ns(id));
        let before = self.cold(id).and_then(|cold| cold.awaits);
        if before == awaited {
            return;
        }
        if let Some(cold) = self.cold_mut(id) {
            cold.awaits = awaited;
        }
        let mut count = |ns: Option<NsId>, by: i32| {
            let space = ns.and_then(|ns| self.spaces.get_mut(ns)?.pid.as_mut());
            if let Some(space) = space {
                space.awaited_by = space.awaited_by.saturating_add_signed(by);
            }
        };
        count(before, -1);
        count(awaited, 1);
    }
}
