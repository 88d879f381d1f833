//! Walks over the tables, each in one order on every machine.

use super::{Namespace, NsId, PidId, TaskId, World};

impl World {
    /// Every unreleased task, ascending by level-0 number.
    pub fn tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        let live = self.tasks.iter().filter(|(_, task)| task.is_live());
        let mut all: Vec<_> = live.map(|(id, task)| (task.tid, id)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, id)| id)
    }

    /// Every pid whose numbers are in use, ascending by level-0 number.
    pub fn pids(&self) -> impl Iterator<Item = PidId> + '_ {
        let live = self.pids.iter().filter(|&(id, pid)| pid.is_live() && !self.is_idle(id));
        let mut all: Vec<_> = live.map(|(id, pid)| (pid.nr, id)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, id)| id)
    }

    /// Every namespace that is not destroyed, by kind, then level, then inode number: PID
    /// namespaces until they are freed, others while they have tasks (what else may hold one is
    /// not known).
    pub fn namespaces(&self) -> impl Iterator<Item = NsId> + '_ {
        let live = self.spaces.iter().filter(|(_, ns)| ns.exists());
        let order = |(id, ns): (NsId, &Namespace)| (ns.kind, ns.level(), ns.inum, id);
        let mut all: Vec<_> = live.map(order).collect();
        all.sort_unstable();
        all.into_iter().map(|(.., id)| id)
    }

    /// The released tasks that are still remembered, oldest release first.
    pub fn past_tasks(&self) -> impl Iterator<Item = TaskId> + '_ {
        self.history.tasks.iter().copied()
    }

    /// The freed pids that are still remembered, oldest first.
    pub fn past_pids(&self) -> impl Iterator<Item = PidId> + '_ {
        self.history.pids.iter().copied()
    }

    /// The namespaces that are still remembered and have ended or lost their last task.
    pub fn past_namespaces(&self) -> impl Iterator<Item = NsId> + '_ {
        self.history.spaces.iter().copied().filter(|&id| !self.ns(id).exists())
    }

    /// The unreleased children (group leaders) of a process, ascending by level-0 number.
    pub fn children(&self, process: TaskId) -> Vec<TaskId> {
        let mut all = Vec::new();
        for &thread in &self.threads(process) {
            all.extend(self.children_of_thread(thread));
        }
        all.sort_unstable_by_key(|&child| (self.row(child).tid, child));
        all
    }

    /// The children of one thread, youngest first.
    pub(super) fn children_of_thread(&self, thread: TaskId) -> impl Iterator<Item = TaskId> + '_ {
        let older = |&child: &TaskId| self.tasks.follow(self.row(child).older);
        std::iter::successors(self.first_child(thread), older)
    }
}
