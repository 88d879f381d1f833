//! `alloc_pid` and `free_pid` (kernel/pid.c): numbers at every level.

use super::flight::{Flight, Op};
use super::fork::{EINVAL, ENOMEM, Fault};
use super::kernel::Ino;
use super::table::Id;
use super::truth::{Ns, Pid, ROOT};
use super::{Callback, Simulator};
use crate::event::{AllocFail, Body, FreePid, Upid, Vector};
use crate::model::NsKind;
use tracer_ebpf::wire::{MAX_UPIDS, kind};

const RESERVED_PIDS: i32 = 300;
const EAGAIN: i32 = 11;
const EEXIST: i32 = 17;

impl Simulator {
    /// `alloc_pid` begins.
    pub(super) fn alloc_pid(&mut self, flight: &mut Flight) {
        let Some(proxy) = flight.fork.proxy else { return };
        let ns = self.truth.proxies[proxy].ns[NsKind::Pid.index()];
        flight.fork.ns = ns;
        flight.fork.numbers = [0; MAX_UPIDS];
        let level = self.truth.space(ns).level;
        flight.then(&[Op::AllocLevel(level)]);
    }

    /// The ancestor of a namespace at a level.
    fn ns_at(&self, ns: Id<Ns>, level: u32) -> Id<Ns> {
        let mut at = ns;
        while self.truth.space(at).level > level {
            at = self.truth.parent_ns(at).unwrap_or(ROOT);
        }
        at
    }

    fn max(&self, ns: Id<Ns>) -> i32 {
        let ns = if self.config.kernel.ns_pid_max { ns } else { ROOT };
        self.truth.space(ns).pid_max
    }

    /// The number of one level, or of all from it down to the root.
    pub(super) fn alloc_level(&mut self, flight: &mut Flight, level: u32) {
        let ns = self.ns_at(flight.fork.ns, level);
        let deepest = self.truth.space(flight.fork.ns).level;
        let wanted = flight.fork.set_tid.get((deepest - level) as usize).copied().unwrap_or(0);
        let old = !self.config.kernel.first_failure_kills;
        if old && self.truth.space(ns).allocated == 0 && wanted == 0 {
            self.truth.space_mut(ns).cursor = 0; // nobody has come of it so far
        }
        let found = if wanted > 0 { self.claim(ns, wanted) } else { self.next_number(ns) };
        match found {
            Ok(nr) => {
                self.truth.reserve(ns, nr, 1);
                flight.fork.numbers[level as usize] = nr;
                match level {
                    0 => flight.then(&[Op::Publish]),
                    _ if self.config.kernel.one_hold => self.alloc_level(flight, level - 1),
                    _ => flight.then(&[Op::AllocLevel(level - 1)]),
                }
            }
            Err(errno) => self.alloc_failed(flight, level + 1, errno),
        }
    }

    fn claim(&mut self, ns: Id<Ns>, nr: i32) -> Result<i32, i32> {
        let space = self.truth.space(ns);
        if nr >= self.max(ns) || space.child_reaper.is_none() && nr != 1 {
            return Err(EINVAL);
        }
        let taken = space.idr.get(nr as usize).is_some_and(|&entry| entry != 0);
        if taken { Err(EEXIST) } else { Ok(nr) }
    }

    /// `idr_alloc_cyclic`.
    fn next_number(&mut self, ns: Id<Ns>) -> Result<i32, i32> {
        let max = self.max(ns);
        let space = self.truth.space(ns);
        let least = if space.cursor > RESERVED_PIDS { RESERVED_PIDS } else { 1 };
        let first = space.cursor.max(least);
        let free = |nr: i32| space.idr.get(nr as usize).is_none_or(|&entry| entry == 0);
        let found = (first..max).find(|&nr| free(nr));
        let nr = found.or_else(|| (least..first.min(max)).find(|&nr| free(nr))).ok_or(EAGAIN)?;
        self.truth.space_mut(ns).cursor = nr + 1;
        Ok(nr)
    }

    /// Gives back the numbers from `level` on downwards, and says why.
    fn alloc_failed(&mut self, flight: &mut Flight, level: u32, errno: i32) {
        let deepest = self.truth.space(flight.fork.ns).level;
        for at in level..=deepest {
            let ns = self.ns_at(flight.fork.ns, at);
            self.truth.reserve(ns, flight.fork.numbers[at as usize], 0);
        }
        let ns = flight.fork.ns;
        let space = self.truth.space_mut(ns);
        if space.allocated == 0 && space.adding {
            space.cursor = 0;
        }
        self.tell_alloc_fail(flight, ns, errno);
        flight.then(&[Op::ForkFail(errno)]);
    }

    fn tell_alloc_fail(&mut self, flight: &mut Flight, ns: Id<Ns>, errno: i32) {
        self.tell_function(flight, kind::ALLOC_FAIL, |it, header| {
            let of = &it.truth.spaces[ns];
            Body::AllocFail(AllocFail {
                header,
                ns: of.key,
                inum: of.inum,
                level: it.truth.space(ns).level,
                errno,
                allocated: it.truth.allocated(ns),
            })
        });
    }

    /// The pid becomes findable.
    pub(super) fn publish(&mut self, flight: &mut Flight) {
        let ns = flight.fork.ns;
        let deepest = self.truth.space(ns).level;
        let mut refuses = !self.truth.space(ns).adding;
        if self.config.kernel.ancestors_count {
            refuses |= (0..=deepest).any(|at| !self.truth.space(self.ns_at(ns, at)).adding);
        }
        if refuses {
            self.alloc_failed(flight, 0, ENOMEM);
            return;
        }
        let key = self.pid_slab.get(&mut self.random);
        let ino = if self.config.kernel.ino == Ino::Monotone { self.next_ino() } else { 0 };
        let mut upids = [Upid::default(); MAX_UPIDS];
        for at in 0..=deepest {
            let nr = flight.fork.numbers[at as usize];
            upids[at as usize] = self.truth.upid(self.ns_at(ns, at), nr);
        }
        let vector = Vector::new(&upids[..=deepest as usize]).unwrap_or(Vector::EMPTY);
        let pid = self.truth.pids.insert(Pid {
            key,
            ino,
            vector,
            ns,
            task: None,
            leads: false,
            pgrp: Vec::new(),
            session: Vec::new(),
            live: true,
        });
        self.truth.spaces[ns].refs += 1;
        for at in 0..=deepest {
            let ns = self.ns_at(ns, at);
            self.truth.reserve(ns, flight.fork.numbers[at as usize], pid.slot() + 2);
            self.truth.space_mut(ns).allocated += 1;
        }
        flight.fork.pid = Some(pid);
        let late = self.config.kernel.ino == Ino::Unique;
        flight.then(&[if late { Op::PidFs } else { Op::AllocReturn }]);
    }

    /// `pidfs_add_pid`, behind the publication; without memory the pid goes again.
    pub(super) fn pidfs(&mut self, flight: &mut Flight) {
        let Some(pid) = flight.fork.pid else { return };
        if self.config.kernel.alloc_frees && flight.fork.fault == Fault::PidFs {
            flight.fork.pid = None;
            self.free_pid(flight, pid);
            let ns = flight.fork.ns;
            self.tell_alloc_fail(flight, ns, ENOMEM);
            flight.then(&[Op::ForkFail(ENOMEM)]);
            return;
        }
        self.truth.pids[pid].ino = self.next_ino();
        flight.then(&[Op::AllocReturn]);
    }

    /// `alloc_pid` returns.
    pub(super) fn alloc_return(&mut self, flight: &mut Flight) {
        let Some(pid) = flight.fork.pid else { return };
        self.tell_function(flight, kind::ALLOC_PID, |it, _| {
            Body::AllocPid(it.truth.pid_facts(pid))
        });
        flight.then(&[Op::Limits]);
    }

    /// `free_pid`.
    pub(super) fn free_pid(&mut self, flight: &mut Flight, pid: Id<Pid>) {
        self.tell_function(flight, kind::FREE_PID, |it, header| {
            let of = &it.truth.pids[pid];
            let (nr, level) = (it.truth.nr(pid), of.vector.len() as u32 - 1);
            Body::FreePid(FreePid { header, pid: of.key, ino: of.ino, nr, level })
        });
        self.truth.pids[pid].live = false;
        let mut at = Some(self.truth.pids[pid].ns);
        let kills = self.config.kernel.first_failure_kills;
        for level in (0..self.truth.pids[pid].vector.len()).rev() {
            let Some(ns) = at else { break };
            let nr = self.truth.pids[pid].vector[level].nr;
            self.truth.reserve(ns, nr, 0);
            let space = self.truth.space_mut(ns);
            space.allocated -= 1;
            if space.allocated == 0 && space.adding && kills {
                space.adding = false;
            }
            at = space.parent;
        }
        self.after_grace(Callback::PutPid(pid));
    }

    /// Frees what a task was detached from, if nothing else uses it.
    pub(super) fn free_unused(&mut self, flight: &mut Flight, from: &[Option<Id<Pid>>]) {
        let mut free: Vec<Id<Pid>> = Vec::new();
        for (at, pid) in from.iter().enumerate() {
            let Some(pid) = *pid else { continue };
            let again = from[at + 1..].contains(&Some(pid));
            if !again && self.truth.unused(pid) {
                free.push(pid);
            }
        }
        if self.config.kernel.frees_late {
            for pid in free {
                flight.then(&[Op::FreePid(pid)]); // the last type first
            }
        } else {
            for pid in free {
                self.free_pid(flight, pid);
            }
        }
    }
}
