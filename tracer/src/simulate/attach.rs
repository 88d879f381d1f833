//! `attach_pid`, `detach_pid` and `change_pid`: the lists of a `struct pid`.

use super::table::Id;
use super::truth::{IDLE, Ns, Pid, Task, Truth, take_out};

impl Truth {
    /// Gives a number of a namespace a meaning: 0 is free, 1 reserved, else a pid.
    pub(super) fn reserve(&mut self, ns: Id<Ns>, nr: i32, entry: u32) {
        let idr = &mut self.space_mut(ns).idr;
        let at = nr.max(0) as usize;
        if at >= idr.len() {
            idr.resize(at + 1, 0);
        }
        idr[at] = entry;
    }

    /// Attaches a new leader of one thread, whose group knows its process group and session.
    pub(super) fn attach_leader(&mut self, id: Id<Task>, pid: Id<Pid>) {
        let group = self.tasks[id].group;
        self.groups[group].threads.push(id);
        let (pgrp, session) = (self.groups[group].pgrp, self.groups[group].session);
        if let Some(pgrp) = pgrp {
            self.pids[pgrp].pgrp.push(id);
        }
        if let Some(session) = session {
            self.pids[session].session.push(id);
        }
        self.pids[pid].leads = true;
        let parent = self.tasks[id].real_parent;
        self.tasks[parent].children.push(id);
        self.attach_own(id, pid);
    }

    /// Attaches a task's own pid.
    pub(super) fn attach_own(&mut self, id: Id<Task>, pid: Id<Pid>) {
        self.pids[pid].task = Some(id);
        self.tasks[id].pid = Some(pid);
        self.list(id);
    }

    /// Whether nothing uses a pid any more.
    pub(super) fn unused(&self, id: Id<Pid>) -> bool {
        let pid = &self.pids[id];
        let groups = pid.pgrp.is_empty() && pid.session.is_empty();
        id != IDLE && pid.live && pid.task.is_none() && !pid.leads && groups
    }

    /// `change_pid` of `PIDTYPE_PGID`: answers the old one.
    pub(super) fn move_group(&mut self, leader: Id<Task>, to: Id<Pid>) -> Option<Id<Pid>> {
        let group = self.tasks[leader].group;
        let old = self.groups[group].pgrp.replace(to);
        if let Some(old) = old {
            take_out(&mut self.pids[old].pgrp, &leader);
        }
        self.pids[to].pgrp.push(leader);
        old
    }

    /// `change_pid` of `PIDTYPE_SID`: answers the old one.
    pub(super) fn move_session(&mut self, leader: Id<Task>, to: Id<Pid>) -> Option<Id<Pid>> {
        let group = self.tasks[leader].group;
        let old = self.groups[group].session.replace(to);
        if let Some(old) = old {
            take_out(&mut self.pids[old].session, &leader);
        }
        self.pids[to].session.push(leader);
        old
    }

    /// `__unhash_process`: answers the pids that it detached from, in the order of their types.
    pub(super) fn unhash(&mut self, id: Id<Task>) -> [Option<Id<Pid>>; 4] {
        let leads = self.leads(id);
        let own = self.tasks[id].pid.take();
        let mut from = [own, None, None, None];
        if let Some(own) = own {
            self.pids[own].task = None;
        }
        self.unlist(id);
        let group = self.tasks[id].group;
        take_out(&mut self.groups[group].threads, &id);
        if leads {
            if let Some(own) = own {
                self.pids[own].leads = false;
            }
            let (pgrp, session) =
                (self.groups[group].pgrp.take(), self.groups[group].session.take());
            if let Some(pgrp) = pgrp {
                take_out(&mut self.pids[pgrp].pgrp, &id);
            }
            if let Some(session) = session {
                take_out(&mut self.pids[session].session, &id);
            }
            from = [own, own, pgrp, session];
            let parent = self.tasks[id].real_parent;
            take_out(&mut self.tasks[parent].children, &id);
        }
        from
    }

    /// `exchange_tids`, and what `de_thread` does with it: the thread becomes the leader.
    pub(super) fn exchange(&mut self, thread: Id<Task>, leader: Id<Task>) {
        let (young, old) = (self.tasks[thread].clone(), self.tasks[leader].clone());
        (self.tasks[thread].pid, self.tasks[leader].pid) = (old.pid, young.pid);
        (self.tasks[thread].tid, self.tasks[leader].tid) = (old.tid, young.tid);
        self.tasks[thread].start = old.start;
        for (pid, task) in [(old.pid, thread), (young.pid, leader)] {
            if let Some(pid) = pid {
                self.pids[pid].task = Some(task);
            }
        }
        let group = &self.groups[young.group];
        for pid in [group.pgrp, group.session].into_iter().flatten() {
            let pid = &mut self.pids[pid];
            for slot in pid.pgrp.iter_mut().chain(&mut pid.session).filter(|it| **it == leader) {
                *slot = thread;
            }
        }
        let children = &mut self.tasks[old.real_parent].children;
        children.iter_mut().filter(|child| **child == leader).for_each(|child| *child = thread);
        (self.tasks[thread].leader, self.tasks[leader].leader) = (thread, thread);
        (self.tasks[thread].exit_signal, self.tasks[leader].exit_signal) = (17, -1);
        self.tasks[leader].exit_state = super::truth::EXIT_DEAD;
    }
}
