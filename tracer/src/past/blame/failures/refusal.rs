//! What refuses a fork, told from the errno and from what came before it.

use crate::event::ForkFail;
use crate::model::NsKind;
use tracer_ebpf::wire::MAX_LEVEL;

/// What refused a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Refusal {
    /// `alloc_pid`, EAGAIN: no free number below `pid_max`.
    PidMax,
    /// `alloc_pid`, ENOMEM: the namespace's init is dead, or that of one above it.
    DeadInit,
    /// `alloc_pid`, EEXIST, EINVAL, EPERM: the numbers asked for by `set_tid`.
    SetTid,
    /// EAGAIN with a pid: `pids.max` of a cgroup.
    PidsMax,
    /// EAGAIN without a pid, for root, whom `RLIMIT_NPROC` does not bind: `kernel.threads-max`.
    ThreadsMax,
    /// EAGAIN without a pid: `RLIMIT_NPROC` or `kernel.threads-max`.
    Nproc,
    /// EAGAIN, and hooks are missing that would tell which of these limits.
    SomeLimit,
    /// EINTR, ERESTARTNOINTR: a signal came first.
    Signal,
    /// ENOSPC: a PID namespace deeper than the kernel allows.
    Depth,
    /// ENOSPC, EUSERS: `user.max_*_namespaces`, or user namespaces nested too deep.
    Namespaces,
    /// EINVAL: the flags do not go together, or not with the caller's namespaces.
    Flags,
    /// EINVAL, and hooks are missing that would tell which: the flags, or `set_tid`.
    Arguments,
    /// EPERM: a capability is missing.
    Permission,
    /// EMFILE, ENFILE: no file descriptor for `CLONE_PIDFD`.
    Files,
    /// ENOMEM: no memory.
    Memory,
    /// Anything else.
    Other,
}

impl Refusal {
    /// A name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::PidMax => "pid_max",
            Self::DeadInit => "dead_init",
            Self::SetTid => "set_tid",
            Self::PidsMax => "pids_max",
            Self::ThreadsMax => "threads_max",
            Self::Nproc => "nproc_or_threads_max",
            Self::SomeLimit => "some_limit",
            Self::Signal => "signal",
            Self::Depth => "depth",
            Self::Namespaces => "max_namespaces",
            Self::Flags => "flags",
            Self::Arguments => "flags_or_set_tid",
            Self::Permission => "permission",
            Self::Files => "files",
            Self::Memory => "memory",
            Self::Other => "other",
        }
    }

    /// What it is, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::PidMax => "no free number below pid_max",
            Self::DeadInit => "the namespace's init is dead",
            Self::SetTid => "set_tid asks for numbers that cannot be had",
            Self::PidsMax => "pids.max of a cgroup",
            Self::ThreadsMax => "kernel.threads-max",
            Self::Nproc => "RLIMIT_NPROC or kernel.threads-max",
            Self::SomeLimit => "pid_max, pids.max, RLIMIT_NPROC or kernel.threads-max",
            Self::Signal => "a signal came first",
            Self::Depth => "PID namespaces nested too deep",
            Self::Namespaces => "user.max_*_namespaces, or user namespaces nested too deep",
            Self::Flags => "flags that do not go together, or not with the caller's namespaces",
            Self::Arguments => "flags or set_tid that cannot be",
            Self::Permission => "a capability is missing",
            Self::Files => "no file descriptor left",
            Self::Memory => "no memory",
            Self::Other => "another reason",
        }
    }
}

/// What is known of who called.
pub(super) struct Caller {
    /// A pid was allocated for the child, and freed again.
    pub(super) had_pid: bool,
    /// It would have been seen.
    pub(super) pids: bool,
    /// Its real uid is 0 in the initial user namespace.
    pub(super) root: bool,
    /// The level of the namespace its children are born in.
    pub(super) level: Option<u32>,
    /// That namespace's init, or that of one above it, is dead.
    pub(super) dead: bool,
}

/// What refused in `alloc_pid` (kernel/pid.c).
pub(super) fn of_alloc(errno: i32, adding: bool, dead: bool) -> Refusal {
    match errno {
        11 => Refusal::PidMax,
        12 if !adding || dead => Refusal::DeadInit,
        12 => Refusal::Memory,
        1 | 17 | 22 => Refusal::SetTid,
        _ => Refusal::Other,
    }
}

/// What refused in `copy_process` (kernel/fork.c), `alloc_pid` apart.
pub(super) fn of_fork(fail: &ForkFail, caller: &Caller) -> Refusal {
    let deep = caller.level.is_some_and(|level| level >= MAX_LEVEL);
    match fail.errno {
        11 if caller.had_pid => Refusal::PidsMax,
        11 if !caller.pids => Refusal::SomeLimit,
        11 if caller.root => Refusal::ThreadsMax,
        11 => Refusal::Nproc,
        12 if caller.dead && (caller.had_pid || !caller.pids) => Refusal::DeadInit,
        12 => Refusal::Memory,
        4 | 512..=516 => Refusal::Signal,
        28 if deep && fail.flags & NsKind::Pid.clone_flag() != 0 => Refusal::Depth,
        28 | 87 => Refusal::Namespaces,
        17 => Refusal::SetTid,
        22 if !caller.pids => Refusal::Arguments,
        22 => Refusal::Flags,
        1 => Refusal::Permission,
        23 | 24 => Refusal::Files,
        _ => Refusal::Other,
    }
}
