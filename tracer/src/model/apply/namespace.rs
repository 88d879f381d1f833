//! Namespaces: made, found, dying, freed.

use super::super::{Effect, Namespace, NsFate, NsId, NsKind, PidNamespace, TaskId, World};
use super::birth::Origin;
use crate::event::{Cred, Header, NsEnd, NsKey, NsSet, PidNs, Upid, ns_reason};

/// `PIDNS_ADDING` (`include/linux/pid_namespace.h`): the top bit of `pid_allocated`.
const PIDNS_ADDING: u32 = 1 << 31;

impl World {
    /// The namespace of one level of a vector; one that nobody has seen is made.
    pub(super) fn level_ns(
        &mut self,
        upid: &Upid,
        level: u32,
        parent: Option<NsId>,
        origin: Origin,
    ) -> Option<NsId> {
        if let Some(root) = self.root.filter(|_| level == 0) {
            let space = self.ns(root).pid.as_ref();
            if space.is_some_and(|space| upid.ns != 0 && space.key.0 == upid.ns) {
                self.credit(root, origin);
                return Some(root);
            }
        }
        if let Some(&id) = self.index.spaces.get(&upid.ns) {
            let known = self.ns(id).inum;
            let same = known == upid.inum || upid.inum == 0 || known == 0;
            if same && !self.is_made_anew(id, level, parent, origin) || Some(id) == self.root {
                self.learn_parent(id, parent);
                self.credit(id, origin);
                return Some(id);
            }
            self.destroy(id); // the address is used again
        }
        if upid.ns == 0 {
            let known = self.find_ns(NsKind::Pid, upid.inum).filter(|_| upid.inum != 0);
            return known.or(self.root.filter(|_| level == 0));
        }
        let made = origin.flags & NsKind::Pid.clone_flag() != 0;
        let origin = Origin { born: origin.born && made, ..origin };
        Some(self.make_pid_ns((upid.ns, upid.inum), level, parent, origin))
    }

    /// A vector shows where in the tree a namespace is. What was known at its address and another
    /// place was a guess, while nobody was in it; else it is one that ended unseen, where ends may.
    pub(super) fn place_ns(&mut self, key: u64, level: u32, parent: Option<NsId>, above: bool) {
        let Some(&id) = self.index.spaces.get(&key).filter(|_| key != 0) else { return };
        let space = self.spaces.get_mut(id).and_then(|ns| ns.pid.as_mut());
        let Some(space) = space else { return };
        let moved = parent.is_some() && space.parent.is_some() && space.parent != parent;
        if Some(id) == self.root || space.level == level && !moved {
            return;
        }
        if space.init.is_some() || space.members > 0 || above {
            if self.losses.open || !self.config.sees.ns_destroy {
                self.destroy(id);
            }
        } else {
            (space.level, space.parent) = (level, parent);
        }
    }

    /// Whether a namespace is made just now while one with the same key and inode number is known:
    /// one that has had an init, or stands elsewhere in the tree, is an older one.
    fn is_made_anew(&self, id: NsId, level: u32, parent: Option<NsId>, origin: Origin) -> bool {
        let made = origin.born && origin.flags & NsKind::Pid.clone_flag() != 0;
        let Some(space) = self.ns(id).pid.as_ref().filter(|_| made) else { return false };
        let moved = parent.is_some() && space.parent.is_some() && space.parent != parent;
        space.init.is_some() || space.level != level || moved
    }

    fn learn_parent(&mut self, id: NsId, parent: Option<NsId>) {
        if parent.is_some()
            && parent != Some(id)
            && let Some(space) = self.spaces.get_mut(id).and_then(|ns| ns.pid.as_mut())
            && space.parent.is_none()
            && space.level > 0
        {
            space.parent = parent;
        }
    }

    /// The clone that made a namespace tells who it was, if nothing did before.
    fn credit(&mut self, id: NsId, origin: Origin) {
        let now = self.now;
        if origin.born
            && origin.flags & NsKind::Pid.clone_flag() != 0
            && let Some(ns) = self.spaces.get_mut(id)
            && ns.creator.is_none()
        {
            ns.creator = origin.creator;
            ns.created = if ns.created == 0 { now } else { ns.created };
        }
    }

    fn make_pid_ns(
        &mut self,
        (key, inum): (u64, u32),
        level: u32,
        parent: Option<NsId>,
        origin: Origin,
    ) -> NsId {
        let space = PidNamespace::new(NsKey(key), level, parent);
        let id = self.make_ns(NsKind::Pid, inum, Some(space), origin);
        self.index.spaces.insert(key, id);
        self.index.found.spaces.forget(key);
        if level == 0 && self.root.is_none() {
            self.root = Some(id);
        }
        id
    }

    /// Enters a namespace: created now, or found. Another one with its inode
    /// number has been destroyed unseen, as inode numbers are used again.
    fn make_ns(
        &mut self,
        kind: NsKind,
        inum: u32,
        pid: Option<PidNamespace>,
        origin: Origin,
    ) -> NsId {
        if let Some(old) = self.find_ns(kind, inum) {
            self.destroy(old);
        }
        let id = self.spaces.insert(Namespace {
            fate: NsFate::Alive,
            created: if origin.born { self.now } else { 0 },
            creator: origin.creator.filter(|_| origin.born),
            pid,
            mark: self.sweep.mark,
            ..Namespace::new(kind, inum)
        });
        if inum != 0 {
            self.index.inums.insert((kind as u8, inum), id);
        }
        self.emit(if origin.born {
            Effect::NsCreated { ns: id, by: origin.creator }
        } else {
            Effect::NsFound(id)
        });
        id
    }

    /// The namespace of another kind with this inode number. If it was created just now, then an empty one that has the number is an older one, unless a hook told
    /// of this very creation.
    pub(super) fn inode_ns(&mut self, kind: NsKind, inum: u32, origin: Origin) -> NsId {
        match self.find_ns(kind, inum) {
            Some(id) if !origin.born || self.ns(id).fresh || self.ns(id).tasks > 0 => id,
            _ => self.make_ns(kind, inum, None, origin),
        }
    }

    /// A namespace has ended. Its pids have been freed before.
    pub(super) fn destroy(&mut self, id: NsId) {
        let ns = self.ns(id);
        if ns.fate == NsFate::Destroyed || Some(id) == self.root {
            return;
        }
        let (at, key) = ((ns.kind as u8, ns.inum), ns.pid.as_ref().map(|pid| pid.key.0));
        if ns.pid.as_ref().is_some_and(|pid| pid.members > 0) {
            let members = self.pids.iter().filter(|&(pid, row)| {
                row.is_live() && self.numbers(pid).iter().any(|&(ns, _)| ns == Some(id))
            });
            let mut members: Vec<_> = members.map(|(pid, row)| (row.nr, pid)).collect();
            members.sort_unstable();
            for (_, pid) in members {
                self.end_pid(pid);
            }
        }
        if self.index.inums.get(&at) == Some(&id) {
            self.index.inums.remove(&at);
        }
        if let Some(key) = key
            && self.index.spaces.get(&key) == Some(&id)
        {
            self.index.spaces.remove(&key);
            self.index.found.spaces.forget(key);
        }
        let now = self.now;
        if let Some(ns) = self.spaces.get_mut(id) {
            ns.fate = NsFate::Destroyed;
            ns.ended = now;
        }
        self.retire_namespace(id);
        self.emit(Effect::NsDestroyed(id));
    }

    /// `copy_pid_ns`, or a PID namespace that a sweep reads.
    pub(super) fn on_pid_ns(&mut self, header: &Header, facts: &PidNs) {
        let actor = self.live_task(header.actor);
        let made = facts.reason == ns_reason::CREATE;
        let origin = if made { Origin::made(actor) } else { Origin::default() };
        let parent_upid = Upid { ns: facts.parent, nr: 0, inum: facts.parent_inum };
        let parent = if facts.level > 0 && facts.parent != 0 {
            self.level_ns(&parent_upid, facts.level - 1, None, Origin::default())
        } else {
            None
        };
        let known = self.index.spaces.get(&facts.ns).copied();
        let known = known.filter(|&id| {
            let inum = self.ns(id).inum;
            (inum == facts.inum || inum == 0) && !self.is_another(id, facts)
                || Some(id) == self.root
        });
        let id = match known {
            Some(id) if !made || Some(id) == self.root => id,
            _ if facts.ns == 0 => return,
            _ => {
                if let Some(&old) = self.index.spaces.get(&facts.ns) {
                    self.destroy(old);
                }
                self.make_pid_ns((facts.ns, facts.inum), facts.level, parent, origin)
            }
        };
        self.out.task = actor.filter(|_| made);
        self.read_pid_ns(id, facts, parent);
        // PIDNS_ADDING is cleared when its init has begun to die: the record of that was lost
        let members = facts.allocated & !PIDNS_ADDING;
        if self.losses.open && !made && members == facts.allocated && members > 0 {
            self.begin_to_die(id);
        }
    }

    fn begin_to_die(&mut self, id: NsId) {
        if let Some(ns) = self.spaces.get_mut(id)
            && ns.fate != NsFate::Dying
        {
            ns.fate = NsFate::Dying;
            self.emit(Effect::NsDying(id));
        }
    }

    /// Whether a namespace is another one at the same address, with the same inode number, whose
    /// predecessor's end was lost or is told by no hook. Not so if this sweep has shown its init.
    fn is_another(&self, id: NsId, facts: &PidNs) -> bool {
        let (ns, mark) = (self.ns(id), self.sweep.mark as u16);
        let unseen = self.losses.open || !self.config.sees.ns_destroy;
        let Some(space) = ns.pid.as_ref().filter(|_| unseen) else { return false };
        let shown = space.init.is_some_and(|pid| self.pid_row(pid).mark == mark);
        let known = ns.ns_id != 0 && facts.ns_id != 0;
        let moved = space.level != facts.level && space.init.is_some();
        // a child reaper stays, though it has died
        let led = space.init.is_some_and(|pid| self.holder(pid).is_some());
        let unled = led && facts.child_reaper == 0;
        !shown && if known { ns.ns_id != facts.ns_id } else { moved || unled }
    }

    fn read_pid_ns(&mut self, id: NsId, facts: &PidNs, parent: Option<NsId>) {
        let child_reaper = self.live_task(facts.child_reaper);
        let found = Origin::default();
        let owner =
            (facts.user_inum != 0).then(|| self.inode_ns(NsKind::User, facts.user_inum, found));
        let mark = self.sweep.mark;
        let Some(ns) = self.spaces.get_mut(id) else { return };
        ns.mark = mark;
        if facts.ns_id != 0 {
            ns.ns_id = facts.ns_id;
        }
        ns.owner = owner.or(ns.owner);
        let Some(space) = &mut ns.pid else { return };
        space.level = facts.level;
        space.parent = parent.filter(|&parent| parent != id).or(space.parent);
        space.child_reaper = child_reaper.or(space.child_reaper);
        space.allocated_read = facts.allocated & !PIDNS_ADDING;
        space.cursor = facts.cursor;
        space.pid_max = facts.pid_max;
    }

    /// `create_new_namespaces`, `switch_task_namespaces`, or an nsproxy that a sweep reads.
    pub(super) fn on_ns_set(&mut self, header: &Header, facts: &NsSet) {
        let task = self.live_task(facts.task);
        self.out.task = task;
        if facts.reason == ns_reason::CREATE {
            self.create_set(task.or_else(|| self.live_task(header.actor)), facts);
            return;
        }
        let tell = facts.reason == ns_reason::ENTER;
        if task.is_none() && tell && facts.task == header.actor {
            self.subject(facts.task, header.actor_tid, header.actor_tgid);
        }
        if let Some(id) = self.live_task(facts.task) {
            let active = self.task_active_pid_ns(id);
            let mut inums = facts.inums;
            // the user namespace is not part of an nsproxy; credentials say which it is
            if let Some(user) = inums.first_mut() {
                *user = 0;
            }
            self.set_namespaces(id, &inums, active, Origin::default(), true);
            if self.lives(id) {
                self.relook(id, |look| look.time_for_children = facts.time_for_children);
            }
            let inum = inums.get(NsKind::Pid.index()).copied().unwrap_or(0);
            if facts.for_children != 0 || inum != 0 {
                let ns =
                    self.ns_for_children((facts.for_children, inum), active, Origin::default());
                self.set_for_children(id, ns, true);
            }
        }
        self.read_ids(facts);
    }

    fn create_set(&mut self, by: Option<TaskId>, facts: &NsSet) {
        for (kind, &read) in NsKind::ALL.into_iter().zip(&facts.inums) {
            // a new time namespace is for children; a PID namespace has its own record
            let inum = if kind == NsKind::Time { facts.time_for_children } else { read };
            let made = facts.flags & kind.clone_flag() != 0;
            if !made || inum == 0 || kind == NsKind::Pid || kind == NsKind::User {
                continue;
            }
            self.create_for_children(kind, inum, by);
        }
        self.read_ids(facts);
    }

    /// A namespace was made that nobody is in yet.
    pub(super) fn create_for_children(&mut self, kind: NsKind, inum: u32, by: Option<TaskId>) {
        let ns = self.make_ns(kind, inum, None, Origin::made(by));
        if let Some(ns) = self.spaces.get_mut(ns) {
            ns.fresh = true;
        }
        self.retire_namespace(ns);
    }

    fn read_ids(&mut self, facts: &NsSet) {
        for (kind, (&inum, &id)) in NsKind::ALL.into_iter().zip(facts.inums.iter().zip(&facts.ids))
        {
            let ns = self.find_ns(kind, inum).filter(|_| id != 0 && kind != NsKind::User);
            if let Some(ns) = ns.and_then(|ns| self.spaces.get_mut(ns)) {
                ns.ns_id = id;
                ns.mark = self.sweep.mark;
            }
        }
    }

    /// `commit_creds`: ids, and perhaps another user namespace.
    pub(super) fn on_cred(&mut self, header: &Header, facts: &Cred) {
        let (tid, tgid) = (header.actor_tid, header.actor_tgid);
        let Some(id) = self.subject(facts.task, tid, tgid) else { return };
        self.relook(id, |look| (look.uid, look.gid) = (Some(facts.uid), Some(facts.gid)));
        if facts.user_ns == 0 {
            return;
        }
        let owner = (facts.user_ns_parent != 0)
            .then(|| self.inode_ns(NsKind::User, facts.user_ns_parent, Origin::default()));
        let known = self.find_ns(NsKind::User, facts.user_ns);
        let known = known.filter(|&ns| {
            let had = self.ns(ns).ns_id;
            had == 0 || facts.user_ns_id == 0 || had == facts.user_ns_id
        });
        let initial = facts.user_ns_parent == 0;
        let user = known.unwrap_or_else(|| {
            let origin = if initial { Origin::default() } else { Origin::made(Some(id)) };
            self.make_ns(NsKind::User, facts.user_ns, None, origin)
        });
        if let Some(ns) = self.spaces.get_mut(user) {
            ns.ns_id = if facts.user_ns_id == 0 { ns.ns_id } else { facts.user_ns_id };
            ns.owner = owner.or(ns.owner);
        }
        let mut kinds = self.namespaces_of(id);
        if let Some(slot) = kinds.first_mut()
            && *slot != Some(user)
        {
            *slot = Some(user);
            let set = self.proxy(kinds);
            self.switch(id, set, true);
        }
    }

    /// `zap_pid_ns_processes`.
    pub(super) fn on_ns_dying(&mut self, facts: &NsEnd) {
        if let Some(&id) = self.index.spaces.get(&facts.ns) {
            self.begin_to_die(id);
        }
    }

    /// `delayed_free_pidns`.
    pub(super) fn on_ns_destroy(&mut self, facts: &NsEnd) {
        if let Some(&id) = self.index.spaces.get(&facts.ns) {
            self.destroy(id);
        }
    }
}
