//! Work in flight: what each task is in the midst of, a step at a time, on several CPUs at once.
//!
//! A step is what the kernel does without letting go of a lock, or one hook. Steps of different
//! tasks mix in any order.

use super::ring::{Actor, NOBODY};
use super::table::Id;
use super::truth::{Ns, Pid, Task, pf};
use super::{Simulator, fork::Fork};
use crate::event::{Body, Header};

/// One step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    // copy_process
    CopyProcess,
    CopyPidNs,
    CopyNamespaces,
    AllocPid,
    AllocLevel(u32),
    Publish,
    PidFs,
    AllocReturn,
    Limits,
    Attach,
    NewTask(Id<Task>),
    ForkFail(i32),
    VforkWait(Id<Task>),
    // execve
    DeThread,
    ExecWait,
    SwapTids,
    ExecImage,
    ExecComm,
    ExecCred,
    ExecDone(i32),
    // do_exit
    Die,
    Exit(i32),
    ExitMm,
    ExitTell(bool),
    ExitNamespaces,
    ExitNotify,
    Zap(Id<Ns>),
    ZapKill(Id<Ns>),
    ZapWait(Id<Ns>),
    Reparent,
    Gone,
    // release_task
    Release(Id<Task>),
    Unhash(Id<Task>),
    FreePid(Id<Pid>),
    // wait4
    Wait(Id<Task>),
    WaitTraced(Id<Task>),
    // setsid, setpgid
    Setsid,
    Setpgid { leader: Id<Task>, to: Id<Pid> },
    // unshare, setns
    Unshare(u64),
    SwitchNamespaces,
    UnshareCred,
    Setns(Id<Ns>),
    // credentials, ptrace, names
    Setuid(u32),
    Rename { task: Id<Task>, name: u8 },
    PtraceLink(Id<Task>),
    PtraceUnlink(Id<Task>),
    TraceMe,
    // sys_exit, tracepoint plan
    Syscall(Call),
    // the iterator
    SweepTask(i32),
    SweepNamespaces(i32),
}

/// A system call as its exit shows it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Call {
    pub(super) nr: u64,
    pub(super) args: [u64; 3],
    pub(super) ret: i64,
}

/// What one task is in the midst of.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) task: Id<Task>,
    /// The CPU it runs on, while it does.
    pub(super) cpu: Option<u16>,
    /// What is left to do, the next step last.
    pub(super) ops: Vec<Op>,
    pub(super) fork: Fork,
    /// The number before an exec.
    pub(super) old_tid: i32,
    /// Whether an exec is to fail, and how.
    pub(super) fails: u8,
    /// What is to be released.
    pub(super) dead: Vec<Id<Task>>,
    /// The task is busy with this alone. A sweep may run beside what its reader is in the midst
    /// of, and a task that has run for the last time may leave its place to another.
    pub(super) owns: bool,
}

impl Flight {
    /// Does these next, in this order.
    pub(super) fn then(&mut self, ops: &[Op]) {
        self.ops.extend(ops.iter().rev());
    }
}

impl Simulator {
    /// Sets a task to work.
    pub(super) fn launch(&mut self, task: Id<Task>, ops: &[Op]) -> &mut Flight {
        let owns = !std::mem::replace(&mut self.truth.tasks[task].busy, true);
        let mut flight = self.spare.pop().unwrap_or_else(|| {
            let (ops, dead) = (Vec::new(), Vec::new());
            let fork = Fork::default();
            Flight { task, cpu: None, ops, fork, old_tid: 0, fails: 0, dead, owns }
        });
        flight.task = task;
        flight.cpu = None;
        flight.fails = 0;
        flight.owns = owns;
        flight.then(ops);
        let at = self.flights.len();
        self.flights.push(flight);
        &mut self.flights[at]
    }

    /// Runs until nothing is left but what waits for something else.
    pub(super) fn run(&mut self) {
        loop {
            while !self.flights.is_empty() {
                let window = self.flights.len().min(self.cpus());
                let at = self.random.below(window);
                self.advance(at);
                if !self.parked.is_empty() && self.random.percent(15) {
                    self.wake();
                }
                self.grace(false);
                if self.sweeping && self.flights.len() <= self.cpus() && self.random.percent(20) {
                    self.choose();
                }
            }
            if !self.wake() {
                return;
            }
        }
    }

    fn cpus(&self) -> usize {
        usize::from(self.config.cpus)
    }

    /// One step of the flight at this place.
    fn advance(&mut self, at: usize) {
        let mut flight = self.flights.swap_remove(at);
        if self.random.percent(3) {
            flight.cpu = None;
        }
        self.tick += 1;
        let flows = match flight.ops.pop() {
            None => false,
            Some(op) if self.perform(&mut flight, op) => true,
            Some(op) => {
                flight.ops.push(op);
                flight.cpu = None;
                self.parked.push(flight);
                return;
            }
        };
        if flows || self.returns_to_die(&mut flight) {
            self.put_back(at, flight);
        } else {
            if flight.owns {
                self.truth.tasks[flight.task].busy = false;
            }
            self.spare.push(flight);
        }
    }

    /// A fatal signal is taken on the way back to user space.
    fn returns_to_die(&mut self, flight: &mut Flight) -> bool {
        let task = &self.truth.tasks[flight.task];
        let dies = flight.owns && task.killed && task.flags & pf::EXITING == 0;
        if dies {
            flight.then(&[Op::Die]);
        }
        dies
    }

    /// Back to its place, or behind all others if it is preempted.
    fn put_back(&mut self, at: usize, flight: Flight) {
        self.flights.push(flight);
        let last = self.flights.len() - 1;
        if !self.random.percent(4) {
            self.flights.swap(at.min(last), last);
        }
    }

    /// Lets those go on whose wait is over.
    fn wake(&mut self) -> bool {
        let mut woken = false;
        for mut flight in std::mem::take(&mut self.parked) {
            match flight.ops.pop() {
                Some(op) if !self.perform(&mut flight, op) => {
                    flight.ops.push(op);
                    self.parked.push(flight);
                }
                _ => {
                    woken = true;
                    self.flights.push(flight);
                }
            }
        }
        woken
    }

    /// The CPU that a flight runs on: one that no other uses, if there is one.
    fn cpu_of(&mut self, flight: &mut Flight) -> u16 {
        if let Some(cpu) = flight.cpu {
            return cpu;
        }
        let cpus = self.config.cpus;
        let first = self.random.below(self.cpus()) as u16;
        let used = |cpu: u16| self.flights.iter().any(|other| other.cpu == Some(cpu));
        let free = (0..cpus).map(|add| (first + add) % cpus).find(|&cpu| !used(cpu));
        let cpu = free.unwrap_or(first);
        for other in &mut self.flights {
            if other.cpu == Some(cpu) {
                other.cpu = None;
            }
        }
        flight.cpu = Some(cpu);
        cpu
    }

    /// A hook that runs for its current task.
    pub(super) fn tell(
        &mut self,
        flight: &mut Flight,
        kind: u16,
        body: impl FnOnce(&Self, Header) -> Body,
    ) {
        let task = &self.truth.tasks[flight.task];
        let actor = (task.key, task.tid, task.tgid);
        let cpu = self.cpu_of(flight);
        self.write(cpu, actor, kind, body);
    }

    /// A hook on a function, which the tracepoint plan lacks.
    pub(super) fn tell_function(
        &mut self,
        flight: &mut Flight,
        kind: u16,
        body: impl FnOnce(&Self, Header) -> Body,
    ) {
        if self.functions {
            self.tell(flight, kind, body);
        }
    }

    /// A hook on behalf of nobody in particular.
    pub(super) fn tell_aside(&mut self, kind: u16, body: impl FnOnce(&Self, Header) -> Body) {
        let cpu = self.random.below(self.cpus()) as u16;
        self.write(cpu, NOBODY, kind, body);
    }

    /// What the iterator writes.
    pub(super) fn tell_sweep(
        &mut self,
        flight: &mut Flight,
        kind: u16,
        body: impl FnOnce(&Self, Header) -> Body,
    ) {
        let cpu = self.cpu_of(flight);
        self.write(cpu, NOBODY, kind, body);
    }

    pub(super) fn write(
        &mut self,
        cpu: u16,
        actor: Actor,
        kind: u16,
        body: impl FnOnce(&Self, Header) -> Body,
    ) {
        if let Some(header) = self.ring.header(&mut self.random, cpu, actor, kind) {
            let body = body(self, header);
            self.ring.push(header, body);
        }
    }
}
