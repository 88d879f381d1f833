//! execve (fs/exec.c): `de_thread`, the swap of tids, the new image.

use super::Simulator;
use super::flight::{Flight, Op};
use super::truth::{Task, pf};
use crate::event::{Body, ExchangeTids, Exec, Rename};
use tracer_ebpf::wire::{self, kind};

/// How an exec ends: well, or too late to go back.
pub(super) mod fails {
    pub(in super::super) const NOT: u8 = 0;
    /// Behind `de_thread`.
    pub(in super::super) const EARLY: u8 = 1;
    /// Behind the new name.
    pub(in super::super) const LATE: u8 = 2;
    /// It does not fail, and the file is setuid.
    pub(in super::super) const SETUID: u8 = 3;
}

const SIGSEGV: i32 = 11;

impl Simulator {
    pub(super) fn de_thread(&mut self, flight: &mut Flight) {
        let id = flight.task;
        flight.old_tid = self.truth.tasks[id].tid;
        let done = Op::ExecDone(flight.old_tid);
        flight.then(&[Op::ExecImage, Op::ExecComm, Op::ExecCred, done]);
        if self.truth.alone(id) {
            return;
        }
        let group = self.truth.tasks[id].group;
        if self.truth.groups[group].exec.is_some() {
            flight.ops.clear(); // another one is faster: -EAGAIN, and its signal
            return;
        }
        self.truth.groups[group].exec = Some(id);
        for thread in self.truth.groups[group].threads.clone() {
            if thread != id {
                self.kill(thread);
            }
        }
        flight.then(&[Op::ExecWait]);
    }

    /// Waits until the other threads are released, and the leader is a zombie.
    pub(super) fn exec_wait(&mut self, flight: &mut Flight) -> bool {
        let id = flight.task;
        let group = self.truth.tasks[id].group;
        if self.truth.tasks[id].killed {
            self.truth.groups[group].exec = None;
            flight.ops.clear();
            return true;
        }
        let leader = self.truth.tasks[id].leader;
        let threads = self.truth.groups[group].threads.len();
        if leader == id {
            self.truth.groups[group].exec = self.truth.groups[group].exec.filter(|_| threads > 1);
            return threads == 1;
        }
        let done = threads == 2 && self.truth.tasks[leader].exit_state != 0;
        if done {
            flight.then(&[Op::SwapTids]);
        }
        done
    }

    /// `exchange_tids`, and the release of the old leader.
    pub(super) fn swap_tids(&mut self, flight: &mut Flight) {
        let thread = flight.task;
        let leader = self.truth.tasks[thread].leader;
        self.tell_function(flight, kind::EXCHANGE_TIDS, |it, header| {
            let (left, right) = (it.truth.tasks[thread].key, it.truth.tasks[leader].key);
            Body::ExchangeTids(ExchangeTids { header, left, right })
        });
        self.truth.exchange(thread, leader);
        if self.tracer == leader {
            self.tracer = thread;
        }
        let group = self.truth.tasks[thread].group;
        self.truth.groups[group].exec = None;
        flight.then(&[Op::Release(leader)]);
    }

    /// `exec_mmap`: the old image is gone, and with it the way back.
    pub(super) fn exec_image(&mut self, flight: &mut Flight) {
        let id = flight.task;
        self.exit_mm(id);
        if flight.fails == fails::EARLY {
            self.exec_dies(flight);
            return;
        }
        self.exec_time(id);
        let task = &mut self.truth.tasks[id];
        (task.mm, task.exit_signal) = (true, 17);
        task.flags = task.flags & !pf::FORKNOEXEC | pf::RANDOMIZE;
    }

    /// `exec_task_namespaces`: inlined everywhere, so nothing tells.
    fn exec_time(&mut self, id: super::table::Id<Task>) {
        let Some(old) = self.truth.tasks[id].proxy else { return };
        let of = &self.truth.proxies[old];
        let time = crate::model::NsKind::Time.index();
        if self.config.kernel.exec_enters_time && of.ns[time] != of.time_for_children {
            let new = self.copy_proxy(old);
            self.truth.enter_time(new);
            self.truth.tasks[id].proxy = Some(new);
            self.truth.tasks[id].untold_time = true;
            self.put_proxy(old);
        }
    }

    fn exec_dies(&mut self, flight: &mut Flight) {
        flight.ops.clear();
        let group = self.truth.tasks[flight.task].group;
        let signal = &mut self.truth.groups[group];
        (signal.flags, signal.code) = (super::exit::GROUP_EXIT, SIGSEGV);
        self.truth.tasks[flight.task].killed = true;
    }

    pub(super) fn exec_comm(&mut self, flight: &mut Flight) {
        let name = self.random.below(12) as u8;
        self.rename(flight, flight.task, name);
        if flight.fails == fails::LATE {
            self.exec_dies(flight);
        }
    }

    pub(super) fn exec_cred(&mut self, flight: &mut Flight) {
        if flight.fails == fails::SETUID {
            let uid = self.truth.tasks[flight.task].uid;
            self.set_uid(flight, if uid == 0 { 1000 } else { 0 });
        }
    }

    /// `sched_process_exec`.
    pub(super) fn exec_done(&mut self, flight: &mut Flight, old_tid: i32) {
        let id = flight.task;
        let (long, short) = (self.random.percent(5), self.random.percent(10));
        self.tell(flight, kind::EXEC, |it, header| {
            let task = &it.truth.tasks[id];
            let end = task.comm.iter().position(|&byte| byte == 0).unwrap_or(16);
            let name = &task.comm[..end];
            let filename: Box<[u8]> = [b"/usr/bin/", name].concat().into();
            let mut args = name.to_vec();
            args.push(0);
            args.extend_from_slice(if short { b"" } else { b"-c\0x\n1\0" });
            if long {
                args.resize(511, b'y');
            }
            Body::Exec(Exec {
                facts: wire::Exec {
                    header,
                    task: task.key,
                    pid: task.pid.map_or(0, |pid| it.truth.pids[pid].key),
                    start: task.start,
                    old_tid,
                    tid: task.tid,
                    uid: task.uid,
                    gid: task.gid,
                    filename_len: filename.len() as u32,
                    args_len: args.len() as u32,
                    args_total: if long { 4000 } else { args.len() as u32 },
                    pad: 0,
                    comm: task.comm,
                },
                filename,
                args: args.into(),
            })
        });
    }

    /// `__set_task_comm`: told, then done.
    pub(super) fn rename(&mut self, flight: &mut Flight, id: super::table::Id<Task>, name: u8) {
        let comm = super::fork::name(name);
        let same = self.truth.tasks[id].group == self.truth.tasks[flight.task].group;
        if !same || self.truth.tasks[id].pid.is_none() {
            return; // it was released meanwhile
        }
        self.tell(flight, kind::RENAME, |it, header| {
            let task = &it.truth.tasks[id];
            let pid = task.pid.map_or(0, |pid| it.truth.pids[pid].key);
            let (tid, tgid) = (task.tid, task.tgid);
            Body::Rename(Rename { header, task: task.key, pid, tid, tgid, comm })
        });
        self.truth.tasks[id].comm = comm;
    }
}
