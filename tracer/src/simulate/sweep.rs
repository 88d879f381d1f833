//! Sweeps by the iterator: each task as it is when the iterator comes by.

use super::Simulator;
use super::flight::{Flight, Op};
use super::read::NsSetOf;
use super::table::Id;
use super::truth::{Pid, ROOT, Task};
use crate::event::{Body, Mark, Rename, ns_reason};
use crate::model::NsKind;
use tracer_ebpf::wire::kind;

impl Simulator {
    /// Sets the tracer to sweep.
    pub(super) fn sweep(&mut self) {
        self.generation += 1;
        self.shown = 0;
        self.sweeping = true;
        self.since_sweep = 0;
        let tracer = self.tracer;
        self.launch(tracer, &[Op::SweepTask(1), Op::SweepNamespaces(1)]);
    }

    /// Has every CPU write that has lost its last records: the tracer takes its own name again there
    /// (`Session::reveal`).
    pub(super) fn reveal(&mut self) {
        while let Some(cpu) = self.ring.silent() {
            let task = &self.truth.tasks[self.tracer];
            let pid = task.pid.map_or(0, |pid| self.truth.pids[pid].key);
            let (key, tid, tgid, comm) = (task.key, task.tid, task.tgid, task.comm);
            self.write(cpu, (key, tid, tgid), kind::RENAME, |_, header| {
                Body::Rename(Rename { header, task: key, pid, tid, tgid, comm })
            });
        }
    }

    /// The task with the least number from `nr` on (`task_seq_get_next`).
    fn next_shown(&self, nr: i32) -> Option<(i32, Id<Task>)> {
        let idr = &self.truth.space(ROOT).idr;
        let rest = idr.iter().enumerate().skip(nr.max(1) as usize);
        let mut found = rest.filter_map(|(nr, &entry)| {
            let pid: Id<Pid> = Id::new(entry.checked_sub(2)?);
            Some((nr as i32, self.truth.pids[pid].task?))
        });
        found.next()
    }

    /// The first pass.
    pub(super) fn sweep_task(&mut self, flight: &mut Flight, nr: i32) {
        let generation = self.generation;
        if nr == 1 {
            self.tell_sweep(flight, kind::SNAPSHOT_BEGIN, |_, header| {
                Body::SnapshotBegin(Mark { header, generation, tasks: 0 })
            });
        }
        let Some((nr, id)) = self.next_shown(nr) else { return };
        self.shown += 1;
        self.tell_sweep(flight, kind::SNAPSHOT, |it, _| {
            let task = it.truth.facts(id, false);
            Body::Snapshot { task, vector: it.truth.vector(id), generation, from_proc: false }
        });
        let task = &mut self.truth.tasks[id];
        (task.untold_tracer, task.untold_time) = (false, false);
        flight.then(&[Op::SweepTask(nr + 1)]);
    }

    /// The second pass, with the end mark.
    pub(super) fn sweep_namespaces(&mut self, flight: &mut Flight, nr: i32) {
        let Some((nr, id)) = self.next_shown(nr) else {
            let (generation, tasks) = (self.generation, self.shown);
            self.tell_sweep(flight, kind::SNAPSHOT_END, |_, header| {
                Body::SnapshotEnd(Mark { header, generation, tasks })
            });
            self.sweeping = false;
            return;
        };
        flight.then(&[Op::SweepNamespaces(nr + 1)]);
        let own = self.truth.active(id);
        let vector = self.truth.vector(id);
        let init = vector.own().is_some_and(|own| own.nr == 1);
        if init {
            self.show_pid_ns(flight, own);
        }
        let (task, user) = (&self.truth.tasks[id], self.truth.tasks[id].user);
        let parent = &self.truth.tasks[task.real_parent];
        let differs = task.proxy != parent.proxy || user != parent.user;
        if let Some(proxy) = task.proxy {
            let children = self.truth.proxies[proxy].ns[NsKind::Pid.index()];
            if children != own {
                self.show_pid_ns(flight, children);
            }
            if init || differs {
                let of = NsSetOf { task: id, proxy, user, flags: 0, reason: ns_reason::SNAPSHOT };
                self.tell_sweep(flight, kind::NS_SET, |it, header| {
                    Body::NsSet(it.truth.ns_set(header, &of))
                });
            }
        }
        let task = &self.truth.tasks[id];
        if task.tid == task.tgid {
            let group = self.truth.group(id);
            for pid in [group.pgrp, group.session].into_iter().flatten() {
                // `init_struct_pid` has no task that would be in its list either
                if self.truth.pids[pid].task.is_none() {
                    self.tell_sweep(flight, kind::HELD_PID, |it, _| {
                        Body::HeldPid(it.truth.pid_facts(pid))
                    });
                }
            }
        }
    }

    fn show_pid_ns(&mut self, flight: &mut Flight, ns: Id<super::truth::Ns>) {
        let own = self.config.kernel.ns_pid_max;
        self.tell_sweep(flight, kind::PID_NS, |it, header| {
            Body::PidNs(it.truth.pid_ns(header, ns, own, ns_reason::SNAPSHOT))
        });
    }
}
