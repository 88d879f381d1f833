//! What the toy's processes do next: anything that the kernel allows, the rare as often as the
//! common.

use super::Simulator;
use super::exec::fails;
use super::flight::{Call, Op};
use super::fork::{Fault, Fork, clone};
use super::table::Id;
use super::truth::{Ns, Task, pf};
use crate::model::NsKind;

/// What a task may do.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Fork,
    Thread,
    Odd,
    Contain,
    Fail,
    Exec,
    Exit,
    Kill,
    Wait,
    Setsid,
    Setpgid,
    Unshare,
    Setns,
    Cred,
    Rename,
    Trace,
    Subreaper,
    Ignore,
    Kernel,
    Pin,
    Sysctl,
}

/// How often each happens, in parts of the whole.
const DEEDS: [(Deed, usize); 21] = [
    (Deed::Fork, 16),
    (Deed::Thread, 12),
    (Deed::Odd, 7),
    (Deed::Contain, 8),
    (Deed::Fail, 5),
    (Deed::Exec, 12),
    (Deed::Exit, 14),
    (Deed::Kill, 4),
    (Deed::Wait, 20),
    (Deed::Setsid, 5),
    (Deed::Setpgid, 7),
    (Deed::Unshare, 7),
    (Deed::Setns, 6),
    (Deed::Cred, 3),
    (Deed::Rename, 3),
    (Deed::Trace, 8),
    (Deed::Subreaper, 3),
    (Deed::Ignore, 3),
    (Deed::Kernel, 3),
    (Deed::Pin, 4),
    (Deed::Sysctl, 1),
];

impl Simulator {
    /// Sets somebody to do something.
    pub(super) fn choose(&mut self) {
        let mut at = self.random.below(DEEDS.iter().map(|(_, weight)| weight).sum());
        let found = DEEDS.iter().find(|(_, weight)| {
            let here = at < *weight;
            at = at.wrapping_sub(*weight);
            here
        });
        let Some(&(deed, _)) = found else { return };
        let many = self.truth.live.len() > self.config.tasks + self.random.below(8);
        let few = self.truth.live.len() * 3 < self.config.tasks * 2;
        let deed = match deed {
            Deed::Fork | Deed::Thread | Deed::Odd if many => Deed::Wait,
            Deed::Exit | Deed::Kill if few => Deed::Fork,
            deed => deed,
        };
        match self.somebody() {
            Some(id) => self.do_deed(id, deed),
            None => self.unblock(),
        }
    }

    /// Where all wait for each other, as a vfork for an exec, that for its tracer to reap another
    /// thread, and the tracer for its vfork, only a fatal signal helps: it is sent.
    fn unblock(&mut self) {
        let free = self.truth.live.iter().any(|&id| self.idle(id));
        if free || !self.flights.is_empty() || self.parked.is_empty() {
            return;
        }
        let at = self.random.below(self.parked.len());
        let task = self.parked[at].task;
        if !self.lasts(task) {
            self.kill_process(task, 9);
        }
    }

    fn do_deed(&mut self, id: Id<Task>, deed: Deed) {
        match deed {
            Deed::Fork => self.fork_plainly(id),
            Deed::Thread => self.fork_thread(id),
            Deed::Odd => self.fork_oddly(id),
            Deed::Contain => self.fork_contained(id),
            Deed::Fail => self.fork_in_vain(id),
            Deed::Exec => self.exec(id),
            Deed::Exit => self.exit(id),
            Deed::Kill => self.slay(id),
            Deed::Wait => self.reap(),
            Deed::Setsid => {
                self.launch(id, &[Op::Setsid]);
            }
            Deed::Setpgid => self.regroup(id),
            Deed::Unshare => self.go_apart(id),
            Deed::Setns => self.join(id),
            Deed::Cred => self.change_uid(id),
            Deed::Rename => self.change_name(id),
            Deed::Trace => self.trace(id),
            Deed::Subreaper => self.become_reaper(id),
            Deed::Ignore => self.ignore(id),
            Deed::Kernel => self.kernel_thread(id),
            Deed::Pin => self.pin(id),
            Deed::Sysctl => self.lower_pid_max(id),
        }
    }

    fn idle(&self, id: Id<Task>) -> bool {
        let task = &self.truth.tasks[id];
        !task.busy && !task.killed && task.flags & (pf::EXITING | pf::KTHREAD | pf::IO_WORKER) == 0
    }

    /// A task that is free to do something.
    fn somebody(&mut self) -> Option<Id<Task>> {
        (0..8).find_map(|_| self.random.pick(&self.truth.live).filter(|&id| self.idle(id)))
    }

    /// pid 1 and what the toy needs stay.
    fn lasts(&self, id: Id<Task>) -> bool {
        self.truth.tasks[id].tgid == 1 || id == self.tracer || id == self.kthreadd
    }

    pub(super) fn fork(&mut self, id: Id<Task>, fork: Fork) {
        let flight = self.launch(id, &[Op::CopyProcess]);
        flight.fork = fork;
    }

    fn fork_plainly(&mut self, id: Id<Task>) {
        let plain = Fork { nr: 56, ..Fork::default() };
        let fork = match self.random.below(6) {
            0 => Fork { flags: clone::VM | clone::VFORK, nr: 58, ..plain },
            1 => Fork { nr: 57, ..plain },
            2 => Fork { flags: clone::VM | clone::VFORK, nr: 435, ..plain },
            _ => Fork { flags: 0x0120_0000, ..plain },
        };
        self.fork(id, fork);
    }

    fn fork_thread(&mut self, id: Id<Task>) {
        const PTHREAD: u64 = 0x3d_0f00;
        if self.lasts(id) && self.random.percent(80) || self.truth.group(id).threads.len() > 5 {
            return;
        }
        self.fork(id, Fork { flags: PTHREAD, nr: 435, ..Fork::default() });
    }

    /// Clones that few programs make.
    fn fork_oddly(&mut self, id: Id<Task>) {
        let plain = Fork { nr: 435, ..Fork::default() };
        let fork = match self.random.below(6) {
            0 | 1 => Fork { flags: clone::PARENT, ..plain },
            2 => Fork { exit_signal: 0, nr: 56, ..plain },
            3 => Fork { exit_signal: 10, ..plain },
            4 => Fork { flags: clone::PTRACE, ..plain },
            _ => Fork { set_tid: self.wanted_tids(id), ..plain },
        };
        self.fork(id, fork);
    }

    /// Numbers for `set_tid`, some of them taken.
    fn wanted_tids(&mut self, id: Id<Task>) -> [i32; 2] {
        let ns = self.truth.active(id);
        let cursor = self.truth.space(ns).cursor;
        let near = cursor + self.random.below(30) as i32 - 8;
        let wanted = if self.random.percent(20) { 1 } else { near.max(2) };
        let nested = self.truth.space(ns).level > 0 && self.random.percent(40);
        let above = self.truth.space(super::truth::ROOT).cursor + 3;
        [wanted, if nested { above } else { 0 }]
    }

    /// A child in namespaces of its own.
    fn fork_contained(&mut self, id: Id<Task>) {
        let many = self.truth.pid_namespaces().count() > 6;
        let mut flags = if many { 0 } else { clone::NEWPID };
        for kind in [NsKind::Mnt, NsKind::Uts, NsKind::Ipc, NsKind::Net, NsKind::Cgroup] {
            flags |= if self.random.percent(25) { kind.clone_flag() } else { 0 };
        }
        if self.random.percent(30) {
            flags |= clone::NEWUSER;
        }
        if self.random.percent(15) {
            flags |= clone::NEWTIME;
        }
        let nr = if flags & clone::NEWTIME != 0 || self.random.percent(50) { 435 } else { 56 };
        self.fork(id, Fork { flags, nr, ..Fork::default() });
    }

    /// Forks that fail.
    fn fork_in_vain(&mut self, id: Id<Task>) {
        let plain = Fork { nr: 435, ..Fork::default() };
        let with = |fault| Fork { fault, ..plain.clone() };
        let fork = match self.random.below(8) {
            0 => with(Fault::Restart),
            1 | 2 => with(Fault::Cgroup),
            3 => Fork { flags: clone::NEWPID | 0x4000_0000, ..with(Fault::Namespace) },
            4 if self.config.faults => with(Fault::PidFs),
            5 => {
                Fork { flags: clone::THREAD | clone::NEWPID | clone::VM | clone::SIGHAND, ..plain }
            }
            6 => Fork { flags: clone::NEWPID, ..with(Fault::Cgroup) },
            _ => Fork { set_tid: [1, 0], ..plain },
        };
        self.fork(id, fork);
    }

    fn exec(&mut self, id: Id<Task>) {
        if self.lasts(id) && self.truth.alone(id) && self.random.percent(70) {
            return;
        }
        let fails = match self.random.below(20) {
            0 if !self.lasts(id) => fails::EARLY,
            1 if !self.lasts(id) => fails::LATE,
            2 => fails::SETUID,
            _ => fails::NOT,
        };
        self.launch(id, &[Op::DeThread]).fails = fails;
    }

    fn exit(&mut self, id: Id<Task>) {
        let code = [0, 0, 256, 3 << 8][self.random.below(4)];
        if self.lasts(id) && (self.truth.group(id).live < 2 || self.truth.leads(id)) {
            return;
        }
        if self.random.percent(55) && !self.truth.alone(id) || self.lasts(id) {
            self.launch(id, &[Op::Exit(code)]); // exit, not exit_group
        } else {
            self.exit_group(id, code);
        }
    }

    fn slay(&mut self, id: Id<Task>) {
        if !self.lasts(id) {
            let code = [9, 15, 6 | 0x80][self.random.below(3)];
            self.kill_process(id, code);
        }
    }

    /// Somebody waits for a zombie.
    fn reap(&mut self) {
        for _ in 0..12 {
            let Some(id) = self.random.pick(&self.truth.live) else { return };
            let task = &self.truth.tasks[id];
            if task.exit_state != super::truth::EXIT_ZOMBIE {
                continue;
            }
            let parent = if task.ptrace != 0 { task.parent } else { task.real_parent };
            let threads = &self.truth.group(parent).threads;
            let Some(by) = self.random.pick(threads) else { continue };
            if self.idle(by) && self.reapable(id, by) {
                self.wait_for(id, by);
                return;
            }
        }
    }

    fn wait_for(&mut self, id: Id<Task>, by: Id<Task>) {
        let nr = self.truth.pids_number(id, self.truth.active(by));
        let ret = i64::from(nr);
        let call = if self.random.percent(70) {
            Call { nr: 61, args: [u64::MAX, 0x7ffc_0000_1000, 0x4000_0000], ret }
        } else {
            Call { nr: 247, args: [0, nr as u64, 0x7ffc_0000_2000], ret: 0 }
        };
        let functions = self.functions;
        let flight = self.launch(by, &[Op::Wait(id)]);
        if !functions {
            flight.ops.insert(0, Op::Syscall(call));
        }
    }

    /// setpgid, of itself or of a child, to a group of its own or one that there is.
    fn regroup(&mut self, id: Id<Task>) {
        let child = self.random.pick(&self.truth.tasks[id].children);
        let leader = match child.filter(|_| self.random.percent(50)) {
            Some(child) => child,
            None => self.truth.tasks[id].leader,
        };
        let own = self.truth.tasks[leader].pid;
        let other = self.random.pick(&self.truth.live);
        let other = other.and_then(|other| self.truth.group(other).pgrp);
        let to = if self.random.percent(40) { own } else { other.or(own) };
        if let Some(to) = to.filter(|&to| self.may_setpgid(id, leader, to)) {
            self.launch(id, &[Op::Setpgid { leader, to }]);
        }
    }

    fn go_apart(&mut self, id: Id<Task>) {
        let mut flags = 0;
        for kind in NsKind::ALL {
            flags |= if self.random.percent(18) { kind.clone_flag() } else { 0 };
        }
        let Some(proxy) = self.truth.tasks[id].proxy else { return };
        let active = self.truth.active(id);
        let elsewhere = self.truth.proxies[proxy].ns[NsKind::Pid.index()] != active;
        let deep = self.truth.space(active).level >= 32;
        let many = self.truth.pid_namespaces().count() > 8;
        if elsewhere || deep || many {
            flags &= !clone::NEWPID;
        }
        if !self.truth.alone(id) {
            flags &= !clone::NEWUSER;
        }
        if flags != 0 {
            self.launch(id, &[Op::Unshare(flags)]).fork = Fork::default();
        }
    }

    fn join(&mut self, id: Id<Task>) {
        let pinned = self.random.pick(&self.pins).filter(|_| self.random.percent(40));
        let ns = pinned.or_else(|| self.some_ns());
        if let Some(ns) = ns.filter(|&ns| self.may_setns(id, ns)) {
            self.truth.spaces[ns].refs += 1; // its file descriptor
            self.launch(id, &[Op::Setns(ns)]).fork = Fork::default();
        }
    }

    /// A namespace that somebody is in.
    fn some_ns(&mut self) -> Option<Id<Ns>> {
        let other = self.random.pick(&self.truth.live)?;
        let task = &self.truth.tasks[other];
        match self.random.below(10) {
            0..4 => Some(self.truth.active(other)),
            4 => Some(task.user),
            _ => {
                let all = self.truth.proxies[task.proxy?].ns;
                let kinds = [NsKind::Mnt, NsKind::Net, NsKind::Pid, NsKind::Time, NsKind::Uts];
                self.random.pick(&kinds).map(|kind| all[kind.index()])
            }
        }
    }
}
