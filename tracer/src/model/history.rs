//! The bounded history: what has ended is kept for a while, oldest out first.

use super::hash::mix;
use super::pid::PidFlag;
use super::slab::{Handle, Link};
use super::world::History;
use super::{NsId, PidId, TaskId, World};

impl World {
    /// Makes room in the history. Before an event, so that what an event ends outlives its change.
    #[inline]
    pub(super) fn evict(&mut self) {
        let most = self.config.history;
        let History { tasks, pids, spaces } = &self.history;
        if tasks.len() > most || pids.len() > most || spaces.len() > most {
            self.evict_oldest();
        }
    }

    /// Keeps so much history from now on; how many entries leave it at once. Live ones never do.
    pub fn set_history(&mut self, most: usize) -> usize {
        let kept = |world: &Self| {
            let History { tasks, pids, spaces } = &world.history;
            tasks.len() + pids.len() + spaces.len()
        };
        let before = kept(self);
        self.config.history = most;
        self.evict();
        before - kept(self)
    }

    fn evict_oldest(&mut self) {
        while self.history.tasks.len() > self.config.history {
            let Some(id) = self.history.tasks.pop_front() else { break };
            self.evict_task(id);
        }
        while self.history.pids.len() > self.config.history {
            let Some(id) = self.history.pids.pop_front() else { break };
            self.expire_pid(id);
        }
        while self.history.spaces.len() > self.config.history {
            let Some(id) = self.history.spaces.pop_front() else { break };
            self.evict_namespace(id);
        }
    }

    fn evict_task(&mut self, id: TaskId) {
        let (last, group) = (self.pid_of(id), self.group_id(id));
        let Some(row) = self.tasks.get(id) else { return };
        self.index.found.tasks.forget(row.key.get());
        self.index.tasks.remove(mix(row.key.get()), id.0.slot());
        // a pid may outlive the last task that had it
        if let Some(pid) = last.and_then(|pid| self.pids.get_mut(pid))
            && pid.is_live()
            && pid.link == Link::to(id)
        {
            pid.link = Link::NONE;
        }
        let Some(row) = self.tasks.remove(id) else { return };
        if let Some(cold) = self.cold.follow(row.cold) {
            self.cold.remove(cold);
        }
        if let Some(id) = group
            && let Some(group) = self.groups.get_mut(id)
        {
            group.tasks = group.tasks.saturating_sub(1);
            if group.tasks == 0 {
                self.groups.remove(id);
            }
        }
        self.comms.drop(row.comm);
        self.drop_look(row.look);
    }

    /// A freed pid leaves the history. A process may still be said to be in its group: then it
    /// stays until it is not.
    fn expire_pid(&mut self, id: PidId) {
        match self.pids.get_mut(id) {
            Some(row) if row.is_used() => row.set(PidFlag::Expired, true),
            _ => self.remove_pid(id),
        }
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
