//! What is not stored because it follows from the tables: indexes, counters and back links.

use super::super::history::number_key;
use super::super::slab::Handle;
use super::super::{NsId, PidId, TaskId, TaskState, World};
use super::BadState;

/// Which of several entries an index finds.
#[derive(Default)]
pub(super) struct Marks {
    /// The last task at its key.
    pub(super) tasks: Vec<TaskId>,
    /// The task with its number, where it has no pid.
    pub(super) loose: Vec<TaskId>,
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
        self.derive_threads()?;
        self.derive_children()?;
        self.derive_pids()?;
        self.derive_namespaces();
        self.derive_history()
    }

    fn derive_indexes(&mut self, marks: &Marks) -> Result<(), BadState> {
        self.index.tasks.reserve(marks.tasks.len());
        for &id in &marks.tasks {
            if self.index.tasks.insert(self.task(id).key.0, id).is_some() {
                return Err(wrong("two tasks are the last one at a key"));
            }
        }
        for &id in &marks.loose {
            if self.index.loose.insert(self.task(id).tid, id).is_some() {
                return Err(wrong("two tasks are found by a number"));
            }
        }
        for &id in &marks.spaces {
            let key = self.ns(id).pid.as_ref().map_or(0, |pid| pid.key.0);
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

    /// What processes count.
    fn derive_threads(&mut self) -> Result<(), BadState> {
        let ids: Vec<_> = self.processes.iter().map(|(id, _)| id).collect();
        for id in ids {
            let Some(process) = self.processes.get(id) else { continue };
            let running = |thread: &&TaskId| self.task(**thread).state == TaskState::Running;
            let running = process.threads.iter().filter(running).count() as u32;
            let attached = self.task(process.leader).is_live();
            let groups = [process.pgrp, process.session];
            if let Some(process) = self.processes.get_mut(id) {
                process.running = running;
                process.attached = attached;
            }
            let [pgrp, session] = groups.map(|pid| pid.filter(|_| attached));
            if let Some(pid) = pgrp.and_then(|pid| self.pids.get_mut(pid)) {
                pid.pgrp_users += 1;
            }
            if let Some(pid) = session.and_then(|pid| self.pids.get_mut(pid)) {
                pid.session_users += 1;
            }
        }
        for (_, task) in self.tasks.iter() {
            let Some(process) = self.processes.get_mut(task.process) else {
                return Err(wrong("a task has no process"));
            };
            process.tasks += 1;
        }
        Ok(())
    }

    /// The lists of children, from their links to the next older one.
    fn derive_children(&mut self) -> Result<(), BadState> {
        let links: Vec<_> = self.tasks.iter().map(|(id, task)| (id, task.older)).collect();
        for &(id, older) in &links {
            let Some(older) = older.and_then(|older| self.tasks.get_mut(older)) else { continue };
            if older.younger.replace(id).is_some() {
                return Err(wrong("two children are next to one"));
            }
        }
        for (id, _) in links {
            let task = self.task(id);
            let youngest = task.younger.is_none() && task.is_live();
            let Some(parent) = task.real_parent.filter(|_| youngest) else { continue };
            if self.process(id).leader != id {
                continue;
            }
            if let Some(parent) = self.tasks.get_mut(parent)
                && parent.first_child.replace(id).is_some()
            {
                return Err(wrong("two children are the youngest"));
            }
        }
        let tracers: Vec<_> = self.tasks.iter().filter_map(|(_, task)| task.tracer).collect();
        for tracer in tracers {
            if let Some(tracer) = self.tasks.get_mut(tracer) {
                tracer.tracees += 1;
            }
        }
        Ok(())
    }

    fn derive_pids(&mut self) -> Result<(), BadState> {
        let Self { pids, spaces, index, .. } = self;
        index.pids.reserve(pids.len());
        index.numbers.reserve(pids.len());
        for (id, pid) in pids.iter().filter(|(_, pid)| pid.is_live()) {
            if pid.key.0 != 0 && index.pids.insert(pid.key.0, id).is_some() {
                return Err(wrong("two pids have a key"));
            }
            for &(ns, nr) in &pid.numbers {
                let Some(ns) = ns.filter(|_| nr > 0) else { continue };
                let before: Option<PidId> = index.numbers.insert(number_key(ns, nr), id);
                if before.is_some_and(|before| before != id) {
                    return Err(wrong("two pids have a number"));
                }
                match spaces.get_mut(ns).and_then(|space| space.pid.as_mut()) {
                    Some(space) => space.members += 1,
                    None => return Err(wrong("a number is in no PID namespace")),
                }
            }
        }
        Ok(())
    }

    fn derive_namespaces(&mut self) {
        for (_, task) in self.tasks.iter() {
            if let Some(proxy) = self.proxies.get_mut(task.ns_set) {
                proxy.tasks += 1;
            }
            if !task.is_live() {
                continue;
            }
            if let Some(space) = task.awaits.and_then(|ns| self.spaces.get_mut(ns)?.pid.as_mut()) {
                space.awaited_by += 1;
            }
            let kinds = self.proxies.get(task.ns_set).map_or([None; 8], |proxy| proxy.kinds);
            for ns in kinds.into_iter().flatten() {
                if let Some(ns) = self.spaces.get_mut(ns) {
                    ns.tasks += 1;
                }
            }
        }
    }

    /// What is in the history has ended, and is there once.
    fn derive_history(&mut self) -> Result<(), BadState> {
        let mut once = Once::new(self.tasks.generations().count());
        for &id in &self.history.tasks {
            if !once.take(id) || self.tasks.get(id).is_none_or(super::super::Task::is_live) {
                return Err(wrong("a task in the history has not ended"));
            }
        }
        let mut once = Once::new(self.pids.generations().count());
        for &id in &self.history.pids {
            if !once.take(id) || self.pids.get(id).is_none_or(super::super::Pid::is_live) {
                return Err(wrong("a pid in the history was not freed"));
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
