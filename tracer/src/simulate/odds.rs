//! The smaller deeds: credentials, names, tracers, reapers, and who holds a namespace.

use super::Simulator;
use super::flight::{Call, Op};
use super::fork::{Fork, clone};
use super::table::Id;
use super::truth::{ROOT, Task, pf};

/// `PR_SET_CHILD_SUBREAPER`.
const SET_SUBREAPER: u64 = 36;
/// Namespaces that file descriptors hold at most.
const PINS: usize = 4;

impl Simulator {
    /// A call that only the tracepoint plan sees.
    fn launch_call(&mut self, id: Id<Task>, ops: &[Op], call: Call) {
        let functions = self.functions;
        let flight = self.launch(id, ops);
        if !functions {
            flight.ops.insert(0, Op::Syscall(call));
        }
    }

    pub(super) fn change_uid(&mut self, id: Id<Task>) {
        let uid = [0, 1000, 1001][self.random.below(3)];
        let call = Call { nr: 105, args: [u64::from(uid), 0, 0], ret: 0 };
        self.launch_call(id, &[Op::Setuid(uid)], call);
    }

    pub(super) fn change_name(&mut self, id: Id<Task>) {
        let name = self.random.below(12) as u8;
        let other = self.random.percent(50);
        let task = self.random.pick(&self.truth.group(id).threads).filter(|_| other);
        self.launch(id, &[Op::Rename { task: task.unwrap_or(id), name }]);
    }

    /// Attaches to somebody, lets go of somebody, or asks the parent to trace.
    pub(super) fn trace(&mut self, id: Id<Task>) {
        if let Some(tracee) = self.random.pick(&self.truth.tasks[id].tracees) {
            if self.truth.tasks[tracee].exit_state == 0 {
                self.launch(id, &[Op::PtraceUnlink(tracee)]);
            }
            return;
        }
        if self.random.percent(25) {
            self.launch(id, &[Op::TraceMe]);
            return;
        }
        let other = self.random.pick(&self.truth.live);
        if let Some(other) = other.filter(|&other| self.may_trace(id, other)) {
            self.launch(id, &[Op::PtraceLink(other)]);
        }
    }

    pub(super) fn become_reaper(&mut self, id: Id<Task>) {
        let group = self.truth.tasks[id].group;
        let on = !self.truth.groups[group].subreaper || self.random.percent(30);
        self.truth.groups[group].subreaper = on;
        if on {
            self.propagate(id);
        }
        let args = [SET_SUBREAPER, u64::from(on), 0];
        self.launch_call(id, &[], Call { nr: 157, args, ret: 0 });
    }

    /// `propagate_has_child_subreaper`, down to the inits of other namespaces.
    fn propagate(&mut self, id: Id<Task>) {
        let mut todo = vec![id];
        while let Some(at) = todo.pop() {
            for thread in self.truth.group(at).threads.clone() {
                for child in self.truth.tasks[thread].children.clone() {
                    let group = self.truth.tasks[child].group;
                    let nr = self.truth.vector(child).own().map_or(0, |own| own.nr);
                    if !self.truth.groups[group].has_subreaper && nr != 1 {
                        self.truth.groups[group].has_subreaper = true;
                        todo.push(child);
                    }
                }
            }
        }
    }

    /// `SIGCHLD` is ignored from now on, or no longer.
    pub(super) fn ignore(&mut self, id: Id<Task>) {
        let group = self.truth.tasks[id].group;
        let signal = &mut self.truth.groups[group];
        signal.ignores = !signal.ignores && self.truth.tasks[id].tgid != 1;
    }

    /// A kernel thread comes or goes, or a task gets an io worker.
    pub(super) fn kernel_thread(&mut self, id: Id<Task>) {
        let worker = pf::IO_WORKER | if self.user_worker() { pf::USER_WORKER } else { 0 };
        let shared = clone::VM | clone::FS | clone::FILES | clone::UNTRACED;
        let plain = Fork { flags: shared, ..Fork::default() };
        let spare = !self.truth.tasks[self.kthreadd].busy;
        match self.random.below(3) {
            0 if spare => self.fork(self.kthreadd, plain),
            1 => {
                let kernel = self.random.pick(&self.truth.tasks[self.kthreadd].children);
                if let Some(kernel) = kernel.filter(|&kernel| !self.truth.tasks[kernel].busy) {
                    self.launch(kernel, &[Op::Exit(0)]);
                }
            }
            _ => {
                let flags = shared | clone::SIGHAND | clone::THREAD | clone::IO;
                self.fork(id, Fork { flags, exit_signal: 0, worker, ..plain });
            }
        }
    }

    fn user_worker(&self) -> bool {
        self.config.kernel.user_worker
    }

    /// A file descriptor holds a namespace, or lets it go.
    pub(super) fn pin(&mut self, id: Id<Task>) {
        if self.pins.len() >= PINS || self.random.percent(30) && !self.pins.is_empty() {
            let at = self.random.below(self.pins.len());
            let ns = self.pins.swap_remove(at);
            self.put_ns(ns);
            return;
        }
        let ns = self.truth.active(id);
        if ns != ROOT {
            self.truth.spaces[ns].refs += 1;
            self.pins.push(ns);
        }
    }

    /// `kernel.pid_max` of a namespace is lowered.
    pub(super) fn lower_pid_max(&mut self, id: Id<Task>) {
        let ns = self.truth.active(id);
        if ns != ROOT && self.config.kernel.ns_pid_max {
            self.truth.space_mut(ns).pid_max = 301 + self.random.below(50) as i32;
        }
    }
}
