//! `release_task`, `wait` and the grace period behind them (kernel/exit.c).

use super::flight::{Flight, Op};
use super::table::Id;
use super::truth::{EXIT_DEAD, EXIT_ZOMBIE, Ns, Pid, Task};
use super::{Callback, Simulator};
use crate::event::{Body, FreeTask, NsEnd, Release};
use tracer_ebpf::wire::kind;

/// Steps that a grace period takes.
const GRACE: u64 = 40;

impl Simulator {
    /// `release_task` calls `cgroup_release`.
    pub(super) fn release(&mut self, flight: &mut Flight, id: Id<Task>) {
        self.tell_function(flight, kind::RELEASE, |it, header| {
            let task = &it.truth.tasks[id];
            let parent = &it.truth.tasks[task.real_parent];
            Body::Release(Release {
                header,
                task: task.key,
                pid: task.pid.map_or(0, |pid| it.truth.pids[pid].key),
                real_parent: parent.key,
                tid: task.tid,
                tgid: task.tgid,
                ppid: parent.tgid,
                code: task.exit_code,
            })
        });
        flight.then(&[Op::Unhash(id)]);
    }

    /// The part under the tasklist lock, and a leader that goes with its last thread.
    pub(super) fn unhash(&mut self, flight: &mut Flight, id: Id<Task>) {
        if self.truth.tasks[id].ptrace != 0 {
            self.ptrace_unlink(flight, id);
        }
        let leader = self.truth.tasks[id].leader;
        let from = self.truth.unhash(id);
        let zombie = leader != id && self.truth.tasks[leader].exit_state == EXIT_ZOMBIE;
        if zombie && self.truth.alone(leader) {
            let signal = self.truth.tasks[leader].exit_signal;
            if self.notified_parent_ignores(leader, signal) {
                self.truth.tasks[leader].exit_state = EXIT_DEAD;
                flight.then(&[Op::Release(leader)]);
            }
        }
        self.free_unused(flight, &from);
        self.put_task(id);
    }

    /// Whether a task's wait may reap another.
    pub(super) fn reapable(&self, id: Id<Task>, by: Id<Task>) -> bool {
        let task = &self.truth.tasks[id];
        let group = self.truth.tasks[by].group;
        let leads = self.truth.leads(id);
        let of = |parent: Id<Task>| self.truth.tasks[parent].group == group;
        let delayed = leads && !self.truth.alone(id);
        let sees = if task.ptrace != 0 { of(task.parent) } else { leads && of(task.real_parent) };
        task.exit_state == EXIT_ZOMBIE && !delayed && sees
    }

    /// `ptrace_reparented`.
    pub(super) fn reparented_by_ptrace(&self, id: Id<Task>) -> bool {
        let task = &self.truth.tasks[id];
        self.truth.tasks[task.real_parent].group != self.truth.tasks[task.parent].group
    }

    /// `wait_task_zombie`: it is ours, or nothing happens.
    pub(super) fn wait(&mut self, flight: &mut Flight, id: Id<Task>) {
        if !self.reapable(id, flight.task) {
            return;
        }
        if self.reparented_by_ptrace(id) && self.truth.leads(id) {
            self.truth.tasks[id].exit_state = EXIT_ZOMBIE | EXIT_DEAD;
            flight.then(&[Op::WaitTraced(id)]);
        } else {
            self.truth.tasks[id].exit_state = EXIT_DEAD;
            flight.then(&[Op::Release(id)]);
        }
    }

    /// A tracer hands a zombie back to its parent.
    pub(super) fn wait_traced(&mut self, flight: &mut Flight, id: Id<Task>) {
        self.ptrace_unlink(flight, id);
        let signal = self.truth.tasks[id].exit_signal;
        let gone = self.notified_parent_ignores(id, signal);
        self.truth.tasks[id].exit_state = if gone { EXIT_DEAD } else { EXIT_ZOMBIE };
        if gone {
            flight.then(&[Op::Release(id)]);
        }
    }

    /// Calls back when nobody can look at it any more.
    pub(super) fn after_grace(&mut self, callback: Callback) {
        let due = self.tick + GRACE / 2 + self.random.below(GRACE as usize) as u64;
        let due = self.waiting.back().map_or(due, |&(last, _)| due.max(last));
        self.waiting.push_back((due, callback));
    }

    /// The callbacks whose time has come; all of them if `over`.
    pub(super) fn grace(&mut self, over: bool) {
        while let Some(&(due, callback)) = self.waiting.front() {
            if due > self.tick && !over {
                return;
            }
            self.waiting.pop_front();
            match callback {
                Callback::FreeTask(id) => self.free_task(id),
                Callback::PutPid(id) => self.put_pid(id),
                Callback::DestroyNs(id) => self.destroy_ns(id),
                Callback::FreeNs(id) => self.free_ns(id),
            }
        }
    }

    fn free_task(&mut self, id: Id<Task>) {
        self.tell_aside(kind::FREE_TASK, |it, header| {
            let task = &it.truth.tasks[id];
            Body::FreeTask(FreeTask { header, task: task.key, tid: task.tid, tgid: task.tgid })
        });
        let task = &self.truth.tasks[id];
        let (key, user, group) = (task.key, task.user, task.group);
        self.task_slab.put(key);
        self.truth.tasks.remove(id);
        self.truth.groups[group].tasks -= 1;
        if self.truth.groups[group].tasks == 0 {
            self.truth.groups.remove(group);
        }
        self.put_ns(user);
    }

    fn put_pid(&mut self, id: Id<Pid>) {
        let pid = &self.truth.pids[id];
        let (key, ns) = (pid.key, pid.ns);
        self.pid_slab.put(key);
        self.truth.pids.remove(id);
        self.put_ns(ns);
    }

    /// `destroy_pid_namespace`, at once or from a work queue.
    fn destroy_ns(&mut self, id: Id<Ns>) {
        let inum = self.truth.spaces[id].inum;
        self.free_inums.push(std::cmp::Reverse(inum));
        let (parent, owner) = (self.truth.parent_ns(id), self.truth.spaces[id].owner);
        self.after_grace(Callback::FreeNs(id));
        for ns in [parent, owner].into_iter().flatten() {
            self.put_ns(ns);
        }
    }

    /// `delayed_free_pidns`.
    fn free_ns(&mut self, id: Id<Ns>) {
        if self.functions {
            self.tell_aside(kind::NS_DESTROY, |it, header| {
                let ns = &it.truth.spaces[id];
                let level = it.truth.space(id).level;
                Body::NsDestroy(NsEnd { header, ns: ns.key, inum: ns.inum, level })
            });
        }
        let key = self.truth.spaces[id].key;
        self.ns_slab.put(key);
        self.truth.spaces.remove(id);
    }
}
