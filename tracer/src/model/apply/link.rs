//! The lists of children: `task->children` and `task->sibling`, group leaders only.

use super::super::slab::Link;
use super::super::{TaskId, World};

impl World {
    /// Puts a leader into the list of its real parent.
    pub(super) fn relink(&mut self, child: TaskId) {
        if !self.lives(child) || !self.leads(child) {
            return;
        }
        let Some(parent) = self.parent(child) else { return };
        let Some(row) = self.tasks.get_mut(parent) else { return };
        let eldest = std::mem::replace(&mut row.first_child, Link::to(child));
        if let Some(row) = self.tasks.get_mut(child) {
            (row.older, row.younger) = (eldest, Link::NONE);
        }
        if let Some(older) = eldest.slot().and_then(|slot| self.tasks.at_mut(slot)) {
            older.younger = Link::to(child);
        }
    }

    /// Takes a leader out of the list of its real parent.
    pub(super) fn unlink(&mut self, child: TaskId) {
        let Some(row) = self.tasks.get_mut(child) else { return };
        let parent = row.parent;
        let older = std::mem::take(&mut row.older);
        let younger = std::mem::take(&mut row.younger);
        if let Some(row) = older.slot().and_then(|slot| self.tasks.at_mut(slot)) {
            row.younger = younger;
        }
        if let Some(row) = younger.slot().and_then(|slot| self.tasks.at_mut(slot)) {
            row.older = older;
        } else if let Some(row) = parent.slot().and_then(|slot| self.tasks.at_mut(slot))
            && row.first_child == Link::to(child)
        {
            row.first_child = older;
        }
    }

    /// Gives every thread of a process another real parent.
    pub(super) fn place(&mut self, member: TaskId, parent: Option<TaskId>, ppid: i32) {
        let leader = self.leader(member);
        self.unlink(leader);
        for at in 0..self.threads(member).len() {
            if let Some(&thread) = self.threads(member).get(at) {
                self.set_family(thread, parent, ppid);
            }
        }
        self.relink(leader);
    }

    /// Keeps the index of tasks whose pid is unknown.
    pub(super) fn index_loose(&mut self, id: TaskId) {
        self.unlist_loose(id);
        let row = self.row(id);
        if row.is_live() && row.pid.is_none() {
            self.index.loose.insert(row.tid, id);
        }
    }

    /// Takes a task out of that index; before it gets another number.
    pub(super) fn unlist_loose(&mut self, id: TaskId) {
        if self.index.loose.is_empty() {
            return;
        }
        let tid = self.row(id).tid;
        if self.index.loose.get(&tid) == Some(&id) {
            self.index.loose.remove(&tid);
        }
    }
}
