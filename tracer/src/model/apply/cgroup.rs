//! Cgroups come and go, and processes move between them.

use super::super::{Effect, World};
use crate::event::{CgroupFacts, CgroupMove, Header};

impl World {
    /// `cgroup_mkdir`, or a cgroup that was there already.
    pub(super) fn on_cgroup(&mut self, header: &Header, cgroup: &CgroupFacts) {
        self.out.task = self.live_task(header.actor);
        self.cgroups.add(cgroup.facts.cgroup, &cgroup.path);
    }

    /// `cgroup_rmdir`.
    pub(super) fn on_cgroup_end(&mut self, header: &Header, cgroup: &CgroupFacts) {
        self.out.task = self.live_task(header.actor);
        self.cgroups.end(cgroup.facts.cgroup);
    }

    /// `cgroup_attach_task`: the task, or its whole thread group, is in another cgroup now.
    pub(super) fn on_cgroup_move(&mut self, facts: &CgroupMove) {
        let Some(task) = self.live_task(facts.task) else { return };
        self.out.task = Some(task);
        let from = self.look_of(task).cgroup;
        let group = if facts.group == 0 { vec![task] } else { self.threads(task).to_vec() };
        for task in group {
            self.relook(task, |look| look.cgroup = facts.cgroup);
        }
        self.emit(Effect::CgroupMoved { task, from, to: facts.cgroup });
    }
}
