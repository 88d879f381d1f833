//! One number for the whole live state: equal tables, equal digests, on every machine.

use super::hash::mix;
use super::{Namespace, NsId, Pid, PidId, TaskId, World};

/// Folds the facts of one entry. The entries' sums are added up, which needs no order.
struct Facts(u64);

impl Facts {
    fn new(table: u64) -> Self {
        Self(mix(table))
    }

    fn add(&mut self, fact: u64) {
        self.0 = mix(self.0.rotate_left(29) ^ mix(fact ^ 0x2545_f491_4f6c_dd1d));
    }

    fn nr(&mut self, nr: i32) {
        self.add(u64::from(nr as u32));
    }
}

impl World {
    /// The digest of the live tables, independent of the order of slots, of keys and of history.
    pub fn digest(&self) -> u64 {
        let tasks = self.tasks.iter().filter(|(_, task)| task.is_live());
        let pids = self.pids.iter().filter(|(_, pid)| pid.is_live());
        let spaces = self.spaces.iter().filter(|(_, ns)| ns.exists());
        let mut sum = tasks.fold(0u64, |sum, (id, _)| sum.wrapping_add(self.task_digest(id)));
        sum = pids.fold(sum, |sum, (id, _)| sum.wrapping_add(self.pid_digest(&self.pid(id))));
        sum = spaces.fold(sum, |sum, (_, ns)| sum.wrapping_add(self.ns_digest(ns)));
        mix(sum.wrapping_add(self.cgroups.digest()))
    }

    fn task_digest(&self, id: TaskId) -> u64 {
        let mut facts = Facts::new(1);
        let task = self.task(id);
        let tid = |id: Option<TaskId>| id.map_or(0, |id| self.row(id).tid);
        for nr in [task.tid, task.tgid, task.ppid, task.exit_signal, task.birth_tid] {
            facts.nr(nr);
        }
        facts.nr(tid(task.real_parent));
        facts.nr(tid(task.tracer));
        facts.nr(task.pid.map_or(0, |pid| self.pid_row(pid).nr));
        facts.add(task.state as u64);
        facts.add(task.start);
        facts.add(task.birth);
        for half in task.comm.chunks(8) {
            facts.add(half.iter().fold(0, |word, &byte| word << 8 | u64::from(byte)));
        }
        facts.add(task.uid.map_or(u64::MAX, u64::from));
        facts.add(task.gid.map_or(u64::MAX, u64::from));
        facts.add(task.cgroup);
        self.add_ns(&mut facts, task.for_children);
        for ns in self.kinds_of(task.ns_set) {
            self.add_ns(&mut facts, ns);
        }
        self.add_pid(&mut facts, self.task_pgrp(id));
        self.add_pid(&mut facts, self.task_session(id));
        facts.add(self.threads(id).len() as u64);
        facts.0
    }

    fn pid_digest(&self, pid: &Pid<'_>) -> u64 {
        let mut facts = Facts::new(2);
        for &(ns, nr) in &pid.numbers {
            self.add_ns(&mut facts, ns);
            facts.nr(nr);
        }
        facts.add(pid.ino);
        facts.add(pid.state as u64);
        facts.add(u64::from(pid.pgrp_users));
        facts.add(u64::from(pid.session_users));
        facts.0
    }

    fn ns_digest(&self, ns: &Namespace) -> u64 {
        let mut facts = Facts::new(3);
        facts.add(ns.kind as u64);
        facts.add(u64::from(ns.inum));
        facts.add(ns.ns_id);
        facts.add(ns.fate as u64);
        facts.add(u64::from(ns.tasks));
        if let Some(pid) = &ns.pid {
            facts.add(u64::from(pid.level));
            facts.add(u64::from(pid.members));
            facts.add(u64::from(pid.cursor));
            self.add_ns(&mut facts, pid.parent);
        }
        facts.0
    }

    fn add_ns(&self, facts: &mut Facts, ns: Option<NsId>) {
        facts.add(ns.map_or(0, |ns| u64::from(self.ns(ns).inum)));
    }

    fn add_pid(&self, facts: &mut Facts, pid: Option<PidId>) {
        facts.nr(pid.map_or(-1, |pid| self.pid_row(pid).nr));
    }
}
