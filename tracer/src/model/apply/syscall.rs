//! System calls that change ids, where no function can be hooked.

use super::super::{Impossible, PidId, TaskId, TaskState, World};
use super::group::Group;
use crate::event::{Header, Syscall};

/// Numbers of the x86-64 table.
mod nr {
    pub(super) const WAIT4: u64 = 61;
    pub(super) const PTRACE: u64 = 101;
    pub(super) const SETPGID: u64 = 109;
    pub(super) const SETSID: u64 = 112;
    pub(super) const WAITID: u64 = 247;
    pub(super) const UNSHARE: u64 = 272;
}

/// Requests of ptrace(2).
mod request {
    pub(super) const TRACEME: u64 = 0;
    pub(super) const ATTACH: u64 = 16;
    pub(super) const DETACH: u64 = 17;
    pub(super) const SEIZE: u64 = 0x4206;
}

impl World {
    /// A call has succeeded. Those that are not listed are followed by an update of their caller.
    pub(super) fn on_syscall(&mut self, header: &Header, facts: &Syscall) {
        if facts.ret < 0 {
            return;
        }
        let (tid, tgid) = (header.actor_tid, header.actor_tgid);
        let Some(caller) = self.subject(header.actor, tid, tgid) else { return };
        let [first, second, _] = facts.args;
        match facts.nr {
            nr::SETSID => self.setsid(caller),
            nr::SETPGID => self.setpgid(caller, first as i32, second as i32),
            nr::PTRACE => self.ptrace(caller, first, second as i32),
            nr::WAIT4 => self.waited(caller, facts.ret as i32),
            // the kernel side puts `si_pid` there
            nr::WAITID => self.waited(caller, second as i32),
            nr::UNSHARE => self.unsharing = Some((caller, first)),
            _ => (),
        }
    }

    /// `ksys_setsid` (kernel/sys.c): the session first, then the group.
    fn setsid(&mut self, caller: TaskId) {
        let leader = self.leader(caller);
        if let Some(own) = self.pid_of(leader) {
            self.set_group(leader, Group::Session, own, true);
            self.set_group(leader, Group::Pgrp, own, true);
        }
    }

    /// `setpgid` (kernel/sys.c): numbers are in the caller's namespace, 0 is its own.
    fn setpgid(&mut self, caller: TaskId, pid: i32, pgid: i32) {
        let target = if pid == 0 { Some(caller) } else { self.find_vpid(caller, pid).1 };
        let Some(target) = target else {
            self.impossible(Impossible::UnknownTask);
            return;
        };
        let leader = self.leader(target);
        self.out.task = Some(leader);
        let own = self.pid_of(leader);
        let group = if pgid == 0 { own } else { self.find_vpid(caller, pgid).0 };
        match group {
            Some(group) => self.set_group(leader, Group::Pgrp, group, true),
            None => self.impossible(Impossible::UnknownPid),
        }
    }

    /// A wait(2) has come back with a child: if it was a zombie, the call has released it.
    fn waited(&mut self, caller: TaskId, pid: i32) {
        let Some(child) = self.find_vpid(caller, pid).1 else { return };
        if self.row(child).state() != TaskState::Zombie || !self.leads(child) {
            return; // it stopped or went on
        }
        let of_caller = |task: TaskId| self.tgid(task) == self.tgid(caller);
        if self.tracer(child).is_some_and(of_caller) && self.ppid(child) != self.tgid(caller) {
            return; // a tracer's wait hands the zombie back to its parent
        }
        self.out.task = Some(child);
        let now = self.now;
        self.release(child, Some(caller), true);
        if let Some(cold) = self.cold_mut(child) {
            cold.released = now;
        }
    }

    fn ptrace(&mut self, caller: TaskId, request: u64, pid: i32) {
        let (target, tracer) = match request {
            request::TRACEME => (Some(caller), self.parent(caller)),
            request::ATTACH | request::SEIZE => (self.find_vpid(caller, pid).1, Some(caller)),
            request::DETACH => (self.find_vpid(caller, pid).1, None),
            _ => return,
        };
        let Some(target) = target else {
            self.impossible(Impossible::UnknownTask);
            return;
        };
        self.out.task = Some(target);
        self.set_tracer(target, tracer, true);
    }

    /// The pid with a number in the caller's namespace, and the live task that has it.
    fn find_vpid(&self, caller: TaskId, nr: i32) -> (Option<PidId>, Option<TaskId>) {
        let pid = self.task_active_pid_ns(caller).and_then(|ns| self.find_pid_ns(nr, ns));
        (pid, pid.and_then(|pid| self.live_holder(pid)))
    }
}
