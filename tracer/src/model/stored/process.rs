//! Thread groups and families: who leads, who belongs together, whose child a task is.

use super::super::apply::Group as Which;
use super::super::group::{Group, GroupId};
use super::super::row::Flag;
use super::super::slab::{Handle, Link};
use super::super::task::{Inner, Threads};
use super::super::{PidId, Process, TaskId, World};

impl World {
    /// The group of a task that shares, or shared, one with others.
    #[inline]
    pub(in crate::model) fn group_id(&self, id: TaskId) -> Option<GroupId> {
        let row = self.row(id);
        if row.is(Flag::Grouped) { self.groups.follow(row.group) } else { None }
    }

    #[inline]
    pub(in crate::model) fn group(&self, id: TaskId) -> Option<&Group> {
        self.groups.get(self.group_id(id)?)
    }

    pub(in crate::model) fn group_mut(&mut self, id: TaskId) -> Option<&mut Group> {
        self.groups.get_mut(self.group_id(id)?)
    }

    /// The leader of a task's group; nobody for a task that has left the history.
    #[inline]
    pub fn leader(&self, id: TaskId) -> TaskId {
        match self.tasks.get(id) {
            Some(row) if row.is(Flag::Grouped) => self.group(id).map_or(id, |group| group.leader),
            Some(_) => id,
            None => TaskId(Handle::NONE),
        }
    }

    /// The task leads its group.
    #[inline]
    pub fn leads(&self, id: TaskId) -> bool {
        self.leader(id) == id
    }

    /// Level-0 number of a task's group.
    #[inline]
    pub fn tgid(&self, id: TaskId) -> i32 {
        self.group(id).map_or_else(|| self.row(id).tid, |group| group.tgid)
    }

    /// Level-0 numbers of a task and of its group.
    #[inline]
    pub fn ids(&self, id: TaskId) -> (i32, i32) {
        let row = self.row(id);
        if !row.is(Flag::Grouped) {
            return (row.tid, row.tid);
        }
        (row.tid, self.tgid(id))
    }

    /// Both belong to one group.
    pub fn same_process(&self, left: TaskId, right: TaskId) -> bool {
        if left == right {
            return true;
        }
        let group = self.group_id(left);
        group.is_some() && group == self.group_id(right)
    }

    /// The unreleased threads of a task's group.
    pub fn threads(&self, id: TaskId) -> Threads<'_> {
        Threads(match self.group(id) {
            Some(group) => Inner::Many(&group.threads),
            None if self.lives(id) => Inner::One(id),
            None => Inner::None,
        })
    }

    /// Threads of a task's group that have not exited.
    pub fn running(&self, id: TaskId) -> u32 {
        self.group(id).map_or_else(|| u32::from(self.runs(id)), |group| group.running)
    }

    /// What the threads of the task's group share.
    pub fn process(&self, id: TaskId) -> Process<'_> {
        Process {
            leader: self.leader(id),
            threads: self.threads(id),
            pgrp: self.task_pgrp(id),
            session: self.task_session(id),
        }
    }

    /// The process group's pid (`task_pgrp`).
    pub fn task_pgrp(&self, task: TaskId) -> Option<PidId> {
        self.group_pid(task, Which::Pgrp)
    }

    /// The session's pid (`task_session`).
    pub fn task_session(&self, task: TaskId) -> Option<PidId> {
        self.group_pid(task, Which::Session)
    }

    pub(in crate::model) fn group_pid(&self, id: TaskId, which: Which) -> Option<PidId> {
        if let Some(group) = self.group(id) {
            return match which {
                Which::Pgrp => group.pgrp,
                Which::Session => group.session,
            };
        }
        let row = self.row(id);
        if !row.is_live() {
            let past = self.cold(id)?.past;
            return match which {
                Which::Pgrp => past.pgrp,
                Which::Session => past.session,
            };
        }
        self.pids.follow(match which {
            Which::Pgrp => row.group,
            Which::Session => row.session,
        })
    }

    /// Sets it, for a live process.
    pub(in crate::model) fn set_group_pid(&mut self, id: TaskId, which: Which, pid: PidId) {
        if let Some(group) = self.group_mut(id) {
            match which {
                Which::Pgrp => group.pgrp = Some(pid),
                Which::Session => group.session = Some(pid),
            }
        } else if let Some(row) = self.tasks.get_mut(id) {
            match which {
                Which::Pgrp => row.group = Link::to(pid),
                Which::Session => row.session = Link::to(pid),
            }
        }
    }

    /// Makes a task a thread of a leader's group.
    pub(in crate::model) fn join_group(&mut self, id: TaskId, leader: TaskId) {
        if self.group(leader).is_none() {
            let group = Group {
                leader,
                tgid: self.row(leader).tid,
                threads: vec![leader],
                running: u32::from(self.runs(leader)),
                tasks: 1,
                pgrp: self.task_pgrp(leader),
                session: self.task_session(leader),
            };
            let group = Link::to(self.groups.insert(group));
            self.enter_group(leader, group);
        }
        let (link, running) = (self.row(leader).group, self.runs(id));
        self.enter_group(id, link);
        if let Some(group) = self.group_mut(id) {
            group.threads.push(id);
            group.tasks += 1;
            group.running += u32::from(running);
        }
    }

    pub(in crate::model) fn enter_group(&mut self, id: TaskId, group: Link) {
        if let Some(row) = self.tasks.get_mut(id) {
            (row.group, row.session) = (group, Link::NONE);
            row.set(Flag::Grouped, true);
        }
    }

    /// The real parent (a thread).
    #[inline]
    pub fn parent(&self, id: TaskId) -> Option<TaskId> {
        let row = self.row(id);
        if row.is_live() { self.tasks.follow(row.parent) } else { self.cold(id)?.past.parent }
    }

    /// Level-0 number of the real parent's group.
    pub fn ppid(&self, id: TaskId) -> i32 {
        let row = self.row(id);
        if row.is(Flag::OddParent) || !row.is_live() {
            return self.cold(id).map_or(0, |cold| cold.ppid);
        }
        self.tasks.follow(row.parent).map_or(0, |parent| self.tgid(parent))
    }

    /// Sets the real parent of a live task, and its number.
    pub(in crate::model) fn set_family(&mut self, id: TaskId, parent: Option<TaskId>, ppid: i32) {
        let follows = parent.map_or(0, |parent| self.tgid(parent)) == ppid;
        let Some(row) = self.tasks.get_mut(id) else { return };
        row.parent = Link::of(parent);
        let was = row.is(Flag::OddParent);
        row.set(Flag::OddParent, !follows);
        if !follows {
            if let Some(cold) = self.cold_mut(id) {
                cold.ppid = ppid;
            }
        } else if was {
            self.shed_cold(id);
        }
    }

    /// Youngest child of a thread.
    #[inline]
    pub(in crate::model) fn first_child(&self, id: TaskId) -> Option<TaskId> {
        self.tasks.follow(self.row(id).first_child)
    }
}
