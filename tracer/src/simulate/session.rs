//! Sessions and process groups (kernel/sys.c).

use super::Simulator;
use super::flight::{Call, Flight, Op};
use super::table::Id;
use super::truth::{Pid, Task, pf};
use crate::event::{Body, ChangePid};
use tracer_ebpf::wire::kind;

const PGID: u32 = 2;
const SID: u32 = 3;

impl Simulator {
    /// Whether setsid would be allowed.
    pub(super) fn may_setsid(&self, id: Id<Task>) -> bool {
        let leader = self.truth.tasks[id].leader;
        let Some(own) = self.truth.tasks[leader].pid else { return false };
        !self.truth.group(id).leads_session && self.truth.pids[own].pgrp.is_empty()
    }

    pub(super) fn setsid(&mut self, flight: &mut Flight) {
        if !self.may_setsid(flight.task) {
            return;
        }
        let leader = self.truth.tasks[flight.task].leader;
        let Some(own) = self.truth.tasks[leader].pid else { return };
        let group = self.truth.tasks[leader].group;
        self.truth.groups[group].leads_session = true;
        let ret = i64::from(self.truth.nr_in(own, self.truth.active(flight.task)));
        self.tell_syscall(flight, Call { nr: 112, args: [1, 0, 0], ret });
        self.change(flight, leader, SID, own);
        let session = self.truth.move_session(leader, own).filter(|&old| old != own);
        if !self.config.kernel.frees_late {
            self.free_unused(flight, &[session]);
        }
        if self.truth.groups[group].pgrp == Some(own) {
            self.free_unused(flight, &[session]);
            return;
        }
        self.change(flight, leader, PGID, own);
        let pgrp = self.truth.move_group(leader, own);
        self.free_unused(flight, &[pgrp, session]);
    }

    /// `change_pid` is entered.
    fn change(&mut self, flight: &mut Flight, leader: Id<Task>, ty: u32, to: Id<Pid>) {
        self.tell_function(flight, kind::CHANGE_PID, |it, header| {
            let task = &it.truth.tasks[leader];
            let (pid, nr) = (it.truth.pids[to].key, it.truth.nr(to));
            Body::ChangePid(ChangePid {
                header,
                task: task.key,
                pid,
                tid: task.tid,
                ty,
                nr,
                pad: 0,
            })
        });
    }

    /// Whether a task may put a process into a group.
    pub(super) fn may_setpgid(&self, by: Id<Task>, leader: Id<Task>, to: Id<Pid>) -> bool {
        let task = &self.truth.tasks[leader];
        let (of, own) = (self.truth.group(leader), self.truth.group(by));
        let child = self.truth.tasks[task.real_parent].group == self.truth.tasks[by].group;
        let target = if task.group == self.truth.tasks[by].group {
            true
        } else {
            child && of.session == own.session && task.flags & pf::FORKNOEXEC != 0
        };
        let group = &self.truth.pids[to];
        let joins = task.pid == Some(to)
            || group.pgrp.first().is_some_and(|&one| self.truth.group(one).session == own.session);
        let sees = self.truth.nr_in(to, self.truth.active(by)) > 0;
        target && joins && sees && group.live && !of.leads_session && task.pid.is_some()
    }

    pub(super) fn setpgid(&mut self, flight: &mut Flight, leader: Id<Task>, to: Id<Pid>) {
        let by = flight.task;
        let lives = self.truth.tasks[leader].pid.is_some() && self.truth.leads(leader);
        if !lives || !self.may_setpgid(by, leader, to) {
            return;
        }
        let ns = self.truth.active(by);
        let nr = |pid: Option<Id<Pid>>| pid.map_or(0, |pid| self.truth.nr_in(pid, ns)) as u64;
        let own = self.truth.tasks[leader].pid;
        let itself = self.truth.tasks[leader].group == self.truth.tasks[by].group;
        let zero = self.random_bit();
        let first = if itself && zero { 0 } else { nr(own) };
        let second = if own == Some(to) && !zero { 0 } else { nr(Some(to)) };
        self.tell_syscall(flight, Call { nr: 109, args: [first, second, 0], ret: 0 });
        if self.truth.group(leader).pgrp == Some(to) {
            return;
        }
        self.change(flight, leader, PGID, to);
        let old = self.truth.move_group(leader, to);
        self.free_unused(flight, &[old]);
    }

    /// The exit of a system call, as the tracepoint plan sees it: behind all that it does.
    pub(super) fn tell_syscall(&mut self, flight: &mut Flight, call: Call) {
        if !self.functions {
            // At the bottom: what the call has yet to do goes before.
            flight.ops.insert(0, Op::Syscall(call));
        }
    }

    fn random_bit(&self) -> bool {
        self.tick & 1 == 0
    }
}
