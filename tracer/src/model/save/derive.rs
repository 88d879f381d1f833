//! What is not stored because it follows from the tables: indexes, counters and back links.

use super::super::apply::Group;
use super::super::pid::PidFlag;
use super::super::slab::{Handle, Link};
use super::super::{NsId, PidId, TaskId, World};
use super::BadState;

/// What the rows say of other rows.
#[derive(Default)]
pub(super) struct Marks {
    /// The last task at its key.
    pub(super) tasks: Vec<(TaskId, u64)>,
    /// The task with its number, where it has no pid.
    pub(super) loose: Vec<TaskId>,
    /// Each task with its real parent, its parent's number, and the next older child.
    pub(super) families: Vec<(TaskId, Option<TaskId>, i32, Option<TaskId>)>,
    /// The PID namespace at its key.
    pub(super) spaces: Vec<NsId>,
    /// The namespace of its kind with its inode number.
    pub(super) inums: Vec<NsId>,
}

fn wrong(what: &str) -> BadState {
    BadState::Inconsistent(what.to_owned())
}

/// The slots that a list has named; none may come twice.
struct Once(Vec<bool>);

impl Once {
    fn new(slots: usize) -> Self {
        Self(vec![false; slots])
    }

    fn take(&mut self, id: impl Into<Handle>) -> bool {
        let handle: Handle = id.into();
        let taken = self.0.get_mut(handle.slot() as usize);
        taken.is_some_and(|taken| !std::mem::replace(taken, true))
    }
}

impl World {
    pub(super) fn derive(&mut self, marks: &Marks) -> Result<(), BadState> {
        self.derive_indexes(marks)?;
        self.derive_groups()?;
        self.derive_families(marks)?;
        self.derive_pids()?;
        self.derive_namespaces();
        self.derive_history()
    }

    fn derive_indexes(&mut self, marks: &Marks) -> Result<(), BadState> {
        self.index.tasks.reserve(marks.tasks.len());
        for &(id, key) in &marks.tasks {
            if key == 0 || self.at_key(key).is_some() {
                return Err(wrong("two tasks are the last one at a key"));
            }
            self.index_at(id, key, None);
        }
        for &id in &marks.loose {
            if self.index.loose.insert(self.row(id).tid, id).is_some() {
                return Err(wrong("two tasks are found by a number"));
            }
        }
        for &id in &marks.spaces {
            let key = self.ns(id).pid.as_ref().map_or(0, |pid| pid.key.0);
            self.index.found.spaces.forget(key);
            if self.index.spaces.insert(key, id).is_some() {
                return Err(wrong("two PID namespaces have a key"));
            }
        }
        for &id in &marks.inums {
            let ns = self.ns(id);
            if self.index.inums.insert((ns.kind as u8, ns.inum), id).is_some() {
                return Err(wrong("two namespaces have an inode number"));
            }
        }
        for (id, proxy) in self.proxies.iter() {
            if self.index.proxies.insert(proxy.kinds, id).is_some() {
                return Err(wrong("a combination of namespaces comes twice"));
            }
        }
        Ok(())
    }

    /// What groups count, and who uses a pid as group or session.
    fn derive_groups(&mut self) -> Result<(), BadState> {
        for slot in 0..self.tasks.slots() as u32 {
            let Some(id) = self.tasks.id(slot) else { continue };
            if let Some(group) = self.group_mut(id) {
                group.tasks += 1;
            }
            if self.lives(id) && self.leads(id) {
                if let Some(pid) = self.task_pgrp(id) {
                    self.count_user(pid, Group::Pgrp, 1);
                }
                if let Some(pid) = self.task_session(id) {
                    self.count_user(pid, Group::Session, 1);
                }
            }
        }
        for slot in 0..self.groups.slots() as u32 {
            let Some(group) = self.groups.at(slot) else { continue };
            let running = group.threads.iter().filter(|&&thread| self.runs(thread)).count() as u32;
            if group.threads.iter().any(|&thread| !self.lives(thread)) {
                return Err(wrong("a group has a released thread"));
            }
            if let Some(group) = self.groups.at_mut(slot) {
                group.running = running;
            }
        }
        Ok(())
    }

    /// Parents, and their lists of children from the links to the next older one.
    fn derive_families(&mut self, marks: &Marks) -> Result<(), BadState> {
        for &(id, parent, ppid, older) in &marks.families {
            if !self.lives(id) {
                continue;
            }
            if parent.is_some_and(|parent| !self.lives(parent)) {
                return Err(wrong("a parent is released"));
            }
            self.set_family(id, parent, ppid);
            let Some(older) = older else { continue };
            let Some(row) = self.live_mut(older) else {
                return Err(wrong("a child is released"));
            };
            if !row.younger.is_none() {
                return Err(wrong("two children are next to one"));
            }
            row.younger = Link::to(id);
            if let Some(row) = self.tasks.get_mut(id) {
                row.older = Link::to(older);
            }
        }
        for &(id, parent, ..) in &marks.families {
            let youngest = self.lives(id) && self.row(id).younger.is_none() && self.leads(id);
            let Some(parent) = parent.filter(|_| youngest) else { continue };
            if let Some(row) = self.tasks.get_mut(parent) {
                if !row.first_child.is_none() {
                    return Err(wrong("two children are the youngest"));
                }
                row.first_child = Link::to(id);
            }
        }
        for slot in 0..self.cold.slots() as u32 {
            let tracer = self.cold.at(slot).and_then(|cold| cold.tracer);
            if let Some(cold) = tracer.and_then(|tracer| self.cold_mut(tracer)) {
                cold.tracees += 1;
            }
        }
        Ok(())
    }

    fn derive_pids(&mut self) -> Result<(), BadState> {
        self.index.pids.reserve(self.pids.len());
        self.index.numbers.reserve(self.pids.len());
        for slot in 0..self.pids.slots() as u32 {
            let Some(id) = self.pids.id(slot).filter(|&id| self.pid_row(id).is_live()) else {
                continue;
            };
            let key = self.pid_row(id).key.get();
            if self.pid_at(key).is_some() {
                return Err(wrong("two pids have a key"));
            }
            self.index_new_pid(id, key);
            for level in 0..self.numbers(id).len() {
                let Some((Some(ns), nr)) = self.number(id, level).filter(|&(_, nr)| nr > 0) else {
                    continue;
                };
                let before: Option<PidId> = self.index_number(id, ns, nr);
                if before.is_some_and(|before| before != id) || level > 0 && Some(ns) == self.root {
                    return Err(wrong("two pids have a number"));
                }
                match self.spaces.get_mut(ns).and_then(|space| space.pid.as_mut()) {
                    Some(space) => space.members += 1,
                    None => return Err(wrong("a number is in no PID namespace")),
                }
            }
        }
        Ok(())
    }

    fn derive_namespaces(&mut self) {
        for (_, look, _) in self.looks.iter() {
            if let Some(proxy) = self.proxies.get_mut(look.ns_set) {
                proxy.looks += 1;
            }
        }
        for slot in 0..self.tasks.slots() as u32 {
            let Some(id) = self.tasks.id(slot).filter(|&id| self.lives(id)) else { continue };
            for ns in self.namespaces_of(id).into_iter().flatten() {
                if let Some(ns) = self.spaces.get_mut(ns) {
                    ns.tasks += 1;
                }
            }
            let awaits = self.cold(id).and_then(|cold| cold.awaits);
            if let Some(space) = awaits.and_then(|ns| self.spaces.get_mut(ns)?.pid.as_mut()) {
                space.awaited_by += 1;
            }
        }
    }

    /// What is in the history has ended, and is there once.
    fn derive_history(&mut self) -> Result<(), BadState> {
        let mut once = Once::new(self.tasks.slots());
        for &id in &self.history.tasks {
            if !once.take(id) || self.tasks.get(id).is_none_or(super::super::row::Row::is_live) {
                return Err(wrong("a task in the history has not ended"));
            }
        }
        let mut once = Once::new(self.pids.slots());
        for &id in &self.history.pids {
            match self.pids.get_mut(id) {
                Some(row) if once.take(id) && !row.is_live() => row.set(PidFlag::Expired, false),
                _ => return Err(wrong("a pid in the history was not freed")),
            }
        }
        for &id in &self.history.spaces {
            match self.spaces.get_mut(id) {
                Some(ns) if !ns.queued => ns.queued = true,
                _ => return Err(wrong("a namespace in the history is none")),
            }
        }
        Ok(())
    }
}
