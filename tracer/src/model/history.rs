//! The bounded history: what has ended is kept for a while, oldest out first.

use super::slab::Handle;
use super::{NsId, TaskId, World};

impl World {
    /// Makes room in the history. Before an event, so that what an event ends outlives its change.
    pub(super) fn evict(&mut self) {
        while self.history.tasks.len() > self.config.history {
            let Some(id) = self.history.tasks.pop_front() else { break };
            self.evict_task(id);
        }
        while self.history.pids.len() > self.config.history {
            let Some(id) = self.history.pids.pop_front() else { break };
            self.pids.remove(id);
        }
        while self.history.spaces.len() > self.config.history {
            let Some(id) = self.history.spaces.pop_front() else { break };
            self.evict_namespace(id);
        }
    }

    fn evict_task(&mut self, id: TaskId) {
        let Some(task) = self.tasks.get(id) else { return };
        let (key, group, set) = (task.key.0, task.process, task.ns_set);
        self.tasks.remove(id);
        if self.index.tasks.get(&key) == Some(&id) {
            self.index.tasks.remove(&key);
        }
        if let Some(process) = self.processes.get_mut(group) {
            process.tasks = process.tasks.saturating_sub(1);
            if process.tasks == 0 {
                self.processes.remove(group);
            }
        }
        self.drop_proxy(set);
    }

    fn evict_namespace(&mut self, id: NsId) {
        let Some(ns) = self.spaces.get_mut(id) else { return };
        ns.queued = false;
        if ns.exists() {
            return;
        }
        let at = (ns.kind as u8, ns.inum);
        if self.index.inums.get(&at) == Some(&id) {
            self.index.inums.remove(&at);
        }
        self.spaces.remove(id);
    }

    /// Remembers that a namespace has ended, or is empty.
    pub(super) fn retire_namespace(&mut self, id: NsId) {
        if let Some(ns) = self.spaces.get_mut(id)
            && !ns.queued
        {
            ns.queued = true;
            self.history.spaces.push_back(id);
        }
    }
}

/// The index of a number in a namespace.
pub(super) fn number_key(ns: NsId, nr: i32) -> u64 {
    let handle: Handle = ns.into();
    u64::from(handle.slot()) << 32 | u64::from(nr as u32)
}
