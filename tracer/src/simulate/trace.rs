//! ptrace (kernel/ptrace.c).

use super::Simulator;
use super::flight::{Call, Flight};
use super::table::Id;
use super::truth::{EXIT_ZOMBIE, Task};
use crate::event::{Body, Ptrace};
use tracer_ebpf::wire::kind;

/// `PT_PTRACED | PT_SEIZED`, or so.
const TRACED: u32 = 0x1_0001;

impl Simulator {
    fn tell_ptrace(&mut self, flight: &mut Flight, id: Id<Task>, tracer: Option<Id<Task>>) {
        self.tell_function(flight, kind::PTRACE, |it, header| {
            let task = &it.truth.tasks[id];
            let tracer = tracer.map(|tracer| &it.truth.tasks[tracer]);
            Body::Ptrace(Ptrace {
                header,
                task: task.key,
                tracer: tracer.map_or(0, |tracer| tracer.key),
                tid: task.tid,
                tgid: task.tgid,
                tracer_tgid: tracer.map_or(0, |tracer| tracer.tgid),
                pad: 0,
            })
        });
    }

    /// `__ptrace_link`, where it is no inlined one.
    pub(super) fn ptrace_link(&mut self, flight: &mut Flight, id: Id<Task>, tracer: Id<Task>) {
        self.tell_ptrace(flight, id, Some(tracer));
        self.link(id, tracer);
    }

    fn link(&mut self, id: Id<Task>, tracer: Id<Task>) {
        self.truth.tasks[id].ptrace = TRACED;
        self.truth.tasks[id].parent = tracer;
        self.truth.tasks[tracer].tracees.push(id);
    }

    /// `__ptrace_unlink`, where it is no inlined one.
    pub(super) fn ptrace_unlink(&mut self, flight: &mut Flight, id: Id<Task>) {
        self.tell_ptrace(flight, id, None);
        self.untrack(id);
    }

    /// Whether a task may trace another.
    pub(super) fn may_trace(&self, by: Id<Task>, id: Id<Task>) -> bool {
        let task = &self.truth.tasks[id];
        let other = task.group != self.truth.tasks[by].group;
        let seen = self.truth.pids_number(id, self.truth.active(by)) > 0;
        let free = task.ptrace == 0 && task.exit_state == 0 && task.pid.is_some();
        other && seen && free && !self.truth.kthread(id)
    }

    /// `PTRACE_ATTACH` or `PTRACE_SEIZE`.
    pub(super) fn attach(&mut self, flight: &mut Flight, id: Id<Task>) {
        let by = flight.task;
        if !self.may_trace(by, id) || self.truth.tasks[by].exit_state != 0 {
            return;
        }
        let nr = self.truth.pids_number(id, self.truth.active(by)) as u64;
        let request = if self.tick & 1 == 0 { 16 } else { 0x4206 };
        self.tell_syscall(flight, Call { nr: 101, args: [request, nr, 0], ret: 0 });
        if !self.config.kernel.ptrace_inlined {
            self.tell_ptrace(flight, id, Some(by));
        }
        self.link(id, by);
        self.tell_ptrace(flight, id, Some(by)); // proc_ptrace_connector
    }

    /// `PTRACE_DETACH`.
    pub(super) fn detach(&mut self, flight: &mut Flight, id: Id<Task>) {
        let by = flight.task;
        let task = &self.truth.tasks[id];
        if task.ptrace == 0 || task.parent != by || task.exit_state != 0 {
            return;
        }
        let nr = self.truth.pids_number(id, self.truth.active(by)) as u64;
        self.tell_syscall(flight, Call { nr: 101, args: [17, nr, 0], ret: 0 });
        if !self.config.kernel.ptrace_inlined {
            self.tell_ptrace(flight, id, None);
        }
        self.untrack(id);
        self.tell_ptrace(flight, id, None);
    }

    /// `PTRACE_TRACEME`.
    pub(super) fn trace_me(&mut self, flight: &mut Flight) {
        let id = flight.task;
        let parent = self.truth.tasks[id].real_parent;
        let exiting = self.truth.tasks[parent].flags & super::truth::pf::EXITING != 0;
        if self.truth.tasks[id].ptrace != 0 || exiting || parent == super::truth::SWAPPER {
            return;
        }
        self.tell_syscall(flight, Call { nr: 101, args: [0, 0, 0], ret: 0 });
        if self.config.kernel.ptrace_inlined {
            self.link(id, parent);
            self.truth.tasks[id].untold_tracer = self.functions;
        } else {
            self.ptrace_link(flight, id, parent);
        }
    }

    /// `__ptrace_detach` of a zombie: whether nobody is left to wait for it.
    pub(super) fn detached_dies(&self, tracer: Id<Task>, id: Id<Task>) -> bool {
        let task = &self.truth.tasks[id];
        if task.exit_state != EXIT_ZOMBIE {
            return false;
        }
        if !self.truth.leads(id) {
            return true;
        }
        if !self.truth.alone(id) {
            return false;
        }
        let parent = &self.truth.tasks[task.real_parent];
        if parent.group == self.truth.tasks[tracer].group {
            self.truth.group(tracer).ignores
        } else {
            self.notified_parent_ignores(id, task.exit_signal)
        }
    }
}
