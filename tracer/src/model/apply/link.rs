//! The lists of children: `task->children` and `task->sibling`, group leaders only.

use super::super::{TaskId, World};

impl World {
    /// Puts a leader into the list of its real parent.
    pub(super) fn relink(&mut self, child: TaskId) {
        let task = self.task(child);
        if !task.is_live() || self.process(child).leader != child {
            return;
        }
        let Some(parent) = task.real_parent else { return };
        let eldest = self.task(parent).first_child;
        if let Some(parent) = self.tasks.get_mut(parent) {
            parent.first_child = Some(child);
        }
        if let Some(task) = self.tasks.get_mut(child) {
            task.older = eldest;
            task.younger = None;
        }
        if let Some(older) = eldest.and_then(|older| self.tasks.get_mut(older)) {
            older.younger = Some(child);
        }
    }

    /// Takes a leader out of the list of its real parent.
    pub(super) fn unlink(&mut self, child: TaskId) {
        let Some(task) = self.tasks.get_mut(child) else { return };
        let parent = task.real_parent;
        let (older, younger) = (task.older.take(), task.younger.take());
        if let Some(task) = older.and_then(|older| self.tasks.get_mut(older)) {
            task.younger = younger;
        }
        if let Some(task) = younger.and_then(|younger| self.tasks.get_mut(younger)) {
            task.older = older;
        } else if let Some(parent) = parent.and_then(|parent| self.tasks.get_mut(parent))
            && parent.first_child == Some(child)
        {
            parent.first_child = older;
        }
    }

    /// Gives every thread of a process another real parent.
    pub(super) fn place(&mut self, member: TaskId, parent: Option<TaskId>, ppid: i32) {
        let leader = self.process(member).leader;
        let process = self.task(member).process;
        self.unlink(leader);
        for at in 0..self.processes.get(process).map_or(0, |process| process.threads.len()) {
            let thread = self.processes.get(process).and_then(|it| it.threads.get(at).copied());
            if let Some(task) = thread.and_then(|thread| self.tasks.get_mut(thread)) {
                task.real_parent = parent;
                task.ppid = ppid;
            }
        }
        self.relink(leader);
    }

    /// Keeps the index of tasks whose pid is unknown.
    pub(super) fn index_loose(&mut self, id: TaskId) {
        self.unlist_loose(id);
        let Some(task) = self.tasks.get(id) else { return };
        if task.is_live() && task.pid.is_none() {
            self.index.loose.insert(task.tid, id);
        }
    }

    /// Takes a task out of that index; before it gets another number.
    pub(super) fn unlist_loose(&mut self, id: TaskId) {
        if self.index.loose.is_empty() {
            return;
        }
        let tid = self.task(id).tid;
        if self.index.loose.get(&tid) == Some(&id) {
            self.index.loose.remove(&tid);
        }
    }
}
