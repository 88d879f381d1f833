//! Cgroups: their paths, and the containers that they belong to.

use std::collections::VecDeque;

use super::hash::{Map, mix};
use super::{TaskId, World};
use crate::container::Container;

/// Removed cgroups that are kept, for what is still to be told of tasks that were in them.
const KEPT: usize = 1024;

/// A cgroup of the hierarchy that tasks' cgroups are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cgroup {
    /// Its path from the root of its hierarchy; cut after 1,024 bytes. Hostile text.
    pub path: Box<[u8]>,
    /// It was removed.
    pub ended: bool,
    /// The container that it belongs to, by its path.
    pub container: Option<Container>,
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Cgroups {
    /// By id. Ids are never used again.
    by_id: Map<u64, Cgroup>,
    /// Those that were removed, oldest first.
    ended: VecDeque<u64>,
}

impl Cgroups {
    /// A cgroup is made, or found.
    pub(super) fn add(&mut self, id: u64, path: &[u8]) {
        if id == 0 || path.is_empty() {
            return;
        }
        // A cgroup can be renamed (v1): the latest path counts.
        if self.by_id.get(&id).is_some_and(|known| *known.path == *path) {
            return;
        }
        let ended = self.by_id.get(&id).is_some_and(|known| known.ended);
        let container = Container::of_path(path);
        self.by_id.insert(id, Cgroup { path: path.into(), ended, container });
    }

    /// A cgroup is removed.
    pub(super) fn end(&mut self, id: u64) {
        let Some(cgroup) = self.by_id.get_mut(&id).filter(|cgroup| !cgroup.ended) else { return };
        cgroup.ended = true;
        self.ended.push_back(id);
        if self.ended.len() > KEPT
            && let Some(oldest) = self.ended.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    pub(super) fn get(&self, id: u64) -> Option<&Cgroup> {
        self.by_id.get(&id)
    }

    /// All, by their ids, those that were removed last and in their order.
    pub(super) fn in_order(&self) -> Vec<(u64, &Cgroup)> {
        let mut all: Vec<_> = self.by_id.iter().map(|(&id, cgroup)| (id, cgroup)).collect();
        all.retain(|(_, cgroup)| !cgroup.ended);
        all.sort_unstable_by_key(|&(id, _)| id);
        all.extend(self.ended.iter().filter_map(|&id| Some((id, self.by_id.get(&id)?))));
        all
    }

    /// One number for those that exist, in no order; 0 for none.
    pub(super) fn digest(&self) -> u64 {
        let live = self.by_id.iter().filter(|(_, cgroup)| !cgroup.ended);
        let one = |(&id, cgroup): (&u64, &Cgroup)| {
            cgroup.path.iter().fold(mix(id ^ 4), |sum, &byte| mix(sum ^ u64::from(byte)))
        };
        live.map(one).fold(0, u64::wrapping_add)
    }
}

impl World {
    /// A cgroup by its id.
    pub fn cgroup(&self, id: u64) -> Option<&Cgroup> {
        self.cgroups.get(id)
    }

    /// The cgroups that exist, by their ids.
    pub fn cgroups(&self) -> impl Iterator<Item = (u64, &Cgroup)> {
        self.cgroups.in_order().into_iter().filter(|(_, cgroup)| !cgroup.ended)
    }

    /// Id of the cgroup that a task is in; 0 if unknown.
    pub fn cgroup_of(&self, task: TaskId) -> u64 {
        self.look_of(task).cgroup
    }

    /// The container that a task is in.
    pub fn container_of(&self, task: TaskId) -> Option<&Container> {
        self.cgroup(self.cgroup_of(task))?.container.as_ref()
    }
}
