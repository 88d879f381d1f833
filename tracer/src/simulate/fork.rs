//! `copy_process` (kernel/fork.c), from the flags' check to the child's first moment.

use super::flight::{Flight, Op};
use super::read::NsSetOf;
use super::table::Id;
use super::truth::{Group, Ns, Pid, Proxy, ROOT, Task, pf};
use super::{Simulator, comm};
use crate::event::{Body, ForkFail, TaskFacts, ns_reason};
use crate::model::NsKind;
use tracer_ebpf::wire::{MAX_LEVEL, MAX_UPIDS, kind};

/// `CLONE_*` (include/uapi/linux/sched.h).
pub(super) mod clone {
    pub(in super::super) const VM: u64 = 0x100;
    pub(in super::super) const FS: u64 = 0x200;
    pub(in super::super) const FILES: u64 = 0x400;
    pub(in super::super) const SIGHAND: u64 = 0x800;
    pub(in super::super) const PTRACE: u64 = 0x2000;
    pub(in super::super) const VFORK: u64 = 0x4000;
    pub(in super::super) const PARENT: u64 = 0x8000;
    pub(in super::super) const THREAD: u64 = 0x1_0000;
    pub(in super::super) const NEWUSER: u64 = 0x1000_0000;
    pub(in super::super) const NEWPID: u64 = 0x2000_0000;
    pub(in super::super) const NEWTIME: u64 = 0x80;
    pub(in super::super) const IO: u64 = 0x8000_0000;
    pub(in super::super) const UNTRACED: u64 = 0x80_0000;
    /// Every namespace but the user's.
    pub(in super::super) const NEW: u64 = 0x6e02_0080;
}

/// What goes wrong in a fork that could succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Fault {
    #[default]
    None,
    /// A signal is pending when it begins.
    Restart,
    /// A namespace cannot be made, behind the PID namespace.
    Namespace,
    /// pidfs has no memory.
    PidFs,
    /// `pids.max` of the cgroup.
    Cgroup,
}

/// A call of `copy_process`.
#[derive(Clone, Debug)]
pub(super) struct Fork {
    pub(super) flags: u64,
    pub(super) exit_signal: i32,
    /// Number of the system call; 0 for the kernel itself.
    pub(super) nr: u64,
    /// `set_tid`, the deepest level first.
    pub(super) set_tid: [i32; 2],
    pub(super) fault: Fault,
    /// `PF_*` that the child begins with.
    pub(super) worker: u32,
    pub(super) proxy: Option<Id<Proxy>>,
    pub(super) user: Option<Id<Ns>>,
    /// The new PID namespace, until an nsproxy has it.
    pub(super) made: Option<Id<Ns>>,
    pub(super) ns: Id<Ns>,
    pub(super) pid: Option<Id<Pid>>,
    pub(super) numbers: [i32; MAX_UPIDS],
}

impl Default for Fork {
    fn default() -> Self {
        Self {
            flags: 0,
            exit_signal: 17,
            nr: 0,
            set_tid: [0; 2],
            fault: Fault::None,
            worker: 0,
            proxy: None,
            user: None,
            made: None,
            ns: ROOT,
            pid: None,
            numbers: [0; MAX_UPIDS],
        }
    }
}

/// `TASK_NEW`.
const NEW: u32 = 0x800;
const EINTR: i32 = 4;
const EAGAIN: i32 = 11;
pub(super) const ENOMEM: i32 = 12;
pub(super) const EINVAL: i32 = 22;
const ENOSPC: i32 = 28;
const ERESTARTNOINTR: i32 = 513;

impl Simulator {
    pub(super) fn fork_begin(&mut self, flight: &mut Flight) {
        let flags = flight.fork.flags;
        let task = &self.truth.tasks[flight.task];
        let group = &self.truth.groups[task.group];
        let Some(proxy) = task.proxy else { return };
        let children = self.truth.proxies[proxy].ns[NsKind::Pid.index()];
        let elsewhere = children != self.truth.active(flight.task);
        let thread = flags & clone::THREAD != 0
            && (flags & (clone::NEWUSER | clone::NEWPID) != 0 || elsewhere);
        let unkillable = flags & clone::PARENT != 0 && group.flags & 0x40 != 0;
        if thread || unkillable {
            flight.then(&[Op::ForkFail(EINVAL)]);
        } else if flight.fork.fault == Fault::Restart {
            flight.then(&[Op::ForkFail(ERESTARTNOINTR)]);
        } else if flags & clone::NEWPID != 0 && (elsewhere || !self.may_own_pid_ns(flight.task)) {
            flight.then(&[Op::ForkFail(EINVAL)]);
        } else {
            if flags & clone::NEWUSER != 0 {
                let owner = task.user;
                flight.fork.user = Some(self.make_ns(flight, NsKind::User, owner));
            }
            flight.then(&[Op::CopyPidNs, Op::CopyNamespaces, Op::AllocPid]);
        }
    }

    /// `copy_pid_ns`, within `create_new_namespaces`.
    pub(super) fn copy_pid_ns(&mut self, flight: &mut Flight, flags: u64) {
        if flags & clone::NEWPID == 0 {
            return;
        }
        let parent = self.truth.active(flight.task);
        let user = self.new_user(flight);
        if self.truth.space(parent).level >= MAX_LEVEL {
            flight.ops.clear();
            flight.then(&[Op::ForkFail(ENOSPC)]);
            return;
        }
        let ns = self.make_pid_ns(flight, parent, user);
        flight.fork.made = Some(ns);
        let own = self.config.kernel.ns_pid_max;
        self.tell_function(flight, kind::PID_NS, |it, header| {
            Body::PidNs(it.truth.pid_ns(header, ns, own, ns_reason::CREATE))
        });
    }

    /// The user namespace that what is made now belongs to.
    pub(super) fn new_user(&self, flight: &Flight) -> Id<Ns> {
        flight.fork.user.unwrap_or(self.truth.tasks[flight.task].user)
    }

    /// `copy_namespaces`.
    pub(super) fn copy_namespaces(&mut self, flight: &mut Flight) {
        let flags = flight.fork.flags;
        let Some(old) = self.truth.tasks[flight.task].proxy else { return };
        let time = NsKind::Time.index();
        let pending = self.truth.proxies[old].ns[time] != self.truth.proxies[old].time_for_children;
        let plain = flags & clone::NEW == 0;
        if plain && (flags & clone::VM != 0 || !pending) {
            self.truth.proxies[old].refs += 1;
            flight.fork.proxy = Some(old);
            return;
        }
        if flight.fork.fault == Fault::Namespace && !plain {
            flight.ops.clear();
            flight.then(&[Op::ForkFail(ENOSPC)]);
            return;
        }
        let proxy = self.new_proxy(flight, old, flags);
        flight.fork.proxy = Some(proxy);
        self.tell_created(flight, proxy, flags);
        if flags & clone::VM == 0 {
            self.truth.enter_time(proxy);
        }
    }

    /// `create_new_namespaces` has returned.
    pub(super) fn tell_created(&mut self, flight: &mut Flight, proxy: Id<Proxy>, flags: u64) {
        const ALL: u64 = clone::NEW | clone::NEWUSER;
        if flags & ALL == 0 {
            return;
        }
        let (task, user) = (flight.task, self.new_user(flight));
        let of = NsSetOf { task, proxy, user, flags: flags & ALL, reason: ns_reason::CREATE };
        self.tell_function(flight, kind::NS_SET, |it, header| {
            Body::NsSet(it.truth.ns_set(header, &of))
        });
    }

    /// Behind `alloc_pid`: what may still refuse.
    pub(super) fn fork_limits(flight: &mut Flight) {
        if flight.fork.fault == Fault::Cgroup {
            Self::fork_undo_pid(flight, EAGAIN);
        } else {
            flight.then(&[Op::Attach]);
        }
    }

    fn fork_undo_pid(flight: &mut Flight, errno: i32) {
        if let Some(pid) = flight.fork.pid.take() {
            flight.then(&[Op::FreePid(pid), Op::ForkFail(errno)]);
        }
    }

    /// The child becomes visible, under the tasklist lock.
    pub(super) fn fork_attach(&mut self, flight: &mut Flight) {
        let Some(pid) = flight.fork.pid else { return };
        if !self.truth.space(flight.fork.ns).adding {
            Self::fork_undo_pid(flight, ENOMEM);
            return;
        }
        if self.truth.tasks[flight.task].killed {
            Self::fork_undo_pid(flight, EINTR);
            return;
        }
        let child = self.new_task(flight, pid);
        let of = &self.truth.tasks[flight.task];
        let follows = flight.fork.flags & clone::PTRACE != 0 && of.ptrace != 0;
        let tracer = of.parent;
        if flight.fork.flags & clone::THREAD != 0 {
            let group = self.truth.tasks[child].group;
            self.truth.groups[group].threads.push(child);
            self.truth.groups[group].live += 1;
            self.truth.attach_own(child, pid);
        } else {
            self.attach_process(child, pid);
        }
        if follows {
            self.ptrace_link(flight, child, tracer);
        }
        flight.then(&[Op::NewTask(child)]);
    }

    fn attach_process(&mut self, child: Id<Task>, pid: Id<Pid>) {
        let ns = self.truth.pids[pid].ns;
        self.truth.attach_leader(child, pid);
        if self.truth.pids[pid].vector.own().is_some_and(|own| own.nr == 1) {
            self.truth.set_reaper(ns, child);
            let group = self.truth.tasks[child].group;
            self.truth.groups[group].flags |= 0x40;
        }
    }

    fn new_task(&mut self, flight: &mut Flight, pid: Id<Pid>) -> Id<Task> {
        let flags = flight.fork.flags;
        let thread = flags & clone::THREAD != 0;
        let key = self.task_slab.get(&mut self.random);
        let of = &self.truth.tasks[flight.task];
        let nr = self.truth.nr(pid);
        let exit_signal = match () {
            () if thread => -1,
            () if flags & clone::PARENT != 0 => self.truth.tasks[of.leader].exit_signal,
            () => flight.fork.exit_signal,
        };
        let sibling = flags & (clone::PARENT | clone::THREAD) != 0;
        let real_parent = if sibling { of.real_parent } else { flight.task };
        let child = Task {
            key,
            pid: None,
            tid: nr,
            tgid: if thread { of.tgid } else { nr },
            real_parent,
            parent: real_parent,
            children: Vec::new(),
            tracees: Vec::new(),
            exit_signal,
            exit_code: 0,
            flags: of.flags & (pf::KTHREAD | pf::RANDOMIZE) | pf::FORKNOEXEC | flight.fork.worker,
            exit_state: 0,
            ptrace: 0,
            user: flight.fork.user.unwrap_or(of.user),
            start: self.ring.now,
            proxy: flight.fork.proxy.take(),
            busy: true, // it cannot run yet
            vfork: flags & clone::VFORK != 0,
            killed: false,
            untold_tracer: false,
            untold_time: false,
            users: 2,
            at: u32::MAX,
            ..of.clone()
        };
        self.truth.spaces[child.user].refs += 1;
        if let Some(made) = flight.fork.user.take() {
            self.put_ns(made); // the task's own reference stays
        }
        let group = child.group;
        let id = self.truth.tasks.insert(child);
        if thread {
            self.truth.groups[group].tasks += 1;
        } else {
            let of = &self.truth.groups[group];
            let signal = Group {
                threads: Vec::new(),
                live: 1,
                leads_session: false,
                subreaper: false,
                has_subreaper: of.has_subreaper || of.subreaper,
                flags: 0,
                code: 0,
                exec: None,
                tasks: 1,
                ..of.clone()
            };
            self.truth.tasks[id].leader = id;
            self.truth.tasks[id].group = self.truth.groups.insert(signal);
        }
        id
    }

    /// `task_newtask`, and the child may run.
    pub(super) fn fork_tell(&mut self, flight: &mut Flight, child: Id<Task>) {
        let flags = flight.fork.flags;
        self.tell(flight, kind::FORK, |it, _| {
            let task = TaskFacts { state: NEW, ..it.truth.facts(child, false) };
            Body::Fork { task, vector: it.truth.vector(child), flags }
        });
        self.truth.tasks[child].busy = false;
        let kernel = self.truth.tasks[child].flags & (pf::KTHREAD | pf::IO_WORKER) != 0;
        if self.truth.tasks[child].killed {
            self.launch(child, &[]);
        } else if kernel {
            let name = if self.truth.kthread(child) { 12 } else { 13 };
            self.launch(child, &[Op::Rename { task: child, name }]);
        }
        if flags & clone::VFORK != 0 {
            flight.then(&[Op::VforkWait(child)]);
        }
    }

    /// `copy_process` returns an error; the tracepoint plan sees the system call's.
    pub(super) fn fork_fail(&mut self, flight: &mut Flight, errno: i32) {
        if let Some(proxy) = flight.fork.proxy.take() {
            self.put_proxy(proxy);
        }
        for ns in [flight.fork.made.take(), flight.fork.user.take()].into_iter().flatten() {
            self.put_ns(ns);
        }
        let call = flight.fork.nr;
        let flags = flight.fork.flags;
        let told = match call {
            _ if self.functions => Some(flags),
            0 => None,
            _ if errno >= 512 => None,
            56 => Some(flags | flight.fork.exit_signal.max(0) as u64),
            435 => Some(flags),
            _ => Some(0),
        };
        let Some(flags) = told else { return };
        let proxy = self.truth.tasks[flight.task].proxy;
        self.tell(flight, kind::FORK_FAIL, |it, header| {
            let ns = proxy.map(|proxy| it.truth.proxies[proxy].ns[NsKind::Pid.index()]);
            let ns = ns.map(|ns| &it.truth.spaces[ns]);
            let (ns, inum) = ns.map_or((0, 0), |ns| (ns.key, ns.inum));
            Body::ForkFail(ForkFail { header, ns, flags, inum, errno })
        });
    }

    /// The caller of vfork waits for the child's exec or end.
    pub(super) fn vfork_over(&self, flight: &Flight, child: Id<Task>) -> bool {
        self.truth.tasks[flight.task].killed || !self.truth.tasks[child].vfork
    }
}

/// Names that tasks take.
pub(super) fn name(at: u8) -> [u8; 16] {
    const NAMES: [&str; 14] = [
        "sh",
        "make",
        "cc1",
        "as",
        "ld",
        "git",
        "python3",
        "grep",
        "sed",
        "node",
        "runc",
        "a b\u{7}c",
        "kworker/u8:3",
        "iou-wrk-1234",
    ];
    comm(NAMES[usize::from(at) % NAMES.len()])
}
