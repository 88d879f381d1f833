//! What can be seen on this kernel, by which hook, and what cannot, and why.

use std::fmt;

/// How functions are hooked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Plan {
    /// BPF trampolines: fentry and fexit.
    Trampoline,
    /// kprobe and kretprobe.
    Kprobe,
    /// Only tracepoints (as `tp_btf`); what functions alone can tell is inferred or unknown.
    Tracepoint,
}

impl Plan {
    /// The name used by `--plan`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trampoline => "trampoline",
            Self::Kprobe => "kprobe",
            Self::Tracepoint => "tracepoint",
        }
    }

    /// The plan of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Trampoline, Self::Kprobe, Self::Tracepoint].into_iter().find(|p| p.name() == name)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A fact about the kernel that hooks deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Fact {
    /// A task is made.
    Fork,
    /// An exec succeeds.
    Exec,
    /// A comm changes.
    Rename,
    /// A task exits.
    Exit,
    /// A task's memory is freed.
    FreeTask,
    /// The tasks that live already.
    Snapshot,
    /// A pid is allocated, or why not.
    AllocPid,
    /// A fork fails.
    ForkFail,
    /// A task is reaped.
    Release,
    /// A pid's numbers are free again.
    FreePid,
    /// Process groups and sessions change.
    ChangePid,
    /// An exec by a non-leader swaps pids.
    ExchangeTids,
    /// A PID namespace is made.
    PidNsCreate,
    /// A PID namespace's init dies.
    NsDying,
    /// A PID namespace is freed.
    NsDestroy,
    /// Namespaces are made.
    NsCreate,
    /// A task enters namespaces.
    NsEnter,
    /// Credentials change.
    Cred,
    /// A tracer attaches.
    PtraceLink,
    /// A tracer lets go.
    PtraceUnlink,
    /// System calls that change ids (tracepoint plan only).
    Syscalls,
    /// Cgroups are made and removed.
    Cgroup,
    /// A process moves to another cgroup.
    CgroupMove,
}

impl Fact {
    /// All facts.
    pub const ALL: [Self; 23] = [
        Self::Fork,
        Self::Exec,
        Self::Rename,
        Self::Exit,
        Self::FreeTask,
        Self::Snapshot,
        Self::AllocPid,
        Self::ForkFail,
        Self::Release,
        Self::FreePid,
        Self::ChangePid,
        Self::ExchangeTids,
        Self::PidNsCreate,
        Self::NsDying,
        Self::NsDestroy,
        Self::NsCreate,
        Self::NsEnter,
        Self::Cred,
        Self::PtraceLink,
        Self::PtraceUnlink,
        Self::Syscalls,
        Self::Cgroup,
        Self::CgroupMove,
    ];

    /// Its name in JSON and in recordings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Exec => "exec",
            Self::Rename => "rename",
            Self::Exit => "exit",
            Self::FreeTask => "free_task",
            Self::Snapshot => "snapshot",
            Self::AllocPid => "alloc_pid",
            Self::ForkFail => "fork_fail",
            Self::Release => "release",
            Self::FreePid => "free_pid",
            Self::ChangePid => "change_pid",
            Self::ExchangeTids => "exchange_tids",
            Self::PidNsCreate => "pid_ns_create",
            Self::NsDying => "ns_dying",
            Self::NsDestroy => "ns_destroy",
            Self::NsCreate => "ns_create",
            Self::NsEnter => "ns_enter",
            Self::Cred => "cred",
            Self::PtraceLink => "ptrace_link",
            Self::PtraceUnlink => "ptrace_unlink",
            Self::Syscalls => "syscalls",
            Self::Cgroup => "cgroup",
            Self::CgroupMove => "cgroup_move",
        }
    }

    /// The fact of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fact| fact.name() == name)
    }

    /// What the fact is, in a few words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Fork => "a task is made",
            Self::Exec => "an exec succeeds",
            Self::Rename => "a task is renamed",
            Self::Exit => "a task exits",
            Self::FreeTask => "a task's memory is freed",
            Self::Snapshot => "the tasks that live already",
            Self::AllocPid => "a pid is allocated, or refused and why",
            Self::ForkFail => "a fork fails, and why",
            Self::Release => "a task is reaped",
            Self::FreePid => "a pid's numbers are free again",
            Self::ChangePid => "process groups and sessions change",
            Self::ExchangeTids => "an exec by a thread swaps pids",
            Self::PidNsCreate => "a PID namespace is made",
            Self::NsDying => "a PID namespace's init dies",
            Self::NsDestroy => "a PID namespace is freed",
            Self::NsCreate => "namespaces are made",
            Self::NsEnter => "a task enters namespaces",
            Self::Cred => "credentials change",
            Self::PtraceLink => "a tracer attaches",
            Self::PtraceUnlink => "a tracer lets go",
            Self::Syscalls => "system calls that change ids return",
            Self::Cgroup => "cgroups are made and removed",
            Self::CgroupMove => "a process moves to another cgroup",
        }
    }
}

/// One hook, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// What it tells.
    pub fact: Fact,
    /// Its place: `fexit/alloc_pid`, `tp_btf/task_newtask`.
    pub place: String,
    /// The plan it belongs to.
    pub plan: Plan,
    /// `None` if it is attached, else why not.
    pub refused: Option<String>,
}

/// What is lost because a fact has no hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The fact.
    pub fact: Fact,
    /// What is not known by it, or only later or by inference.
    pub cost: &'static str,
}

/// What can be seen on this kernel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Every hook that was tried, in the order of the attempts.
    pub hooks: Vec<Hook>,
    /// `sched_process_exit` says whether the whole group is dead.
    pub group_dead: bool,
    /// The kernel has `pid->ino` (pidfs).
    pub pid_ino: bool,
    /// The kernel has `ns_common.ns_id`.
    pub ns_id: bool,
    /// The iterator shows every task that `/proc` shows, as far as was tried; else how many it hides.
    pub hidden_tasks: u32,
}

impl Coverage {
    /// The hook that tells a fact, if one is attached.
    pub fn hook(&self, fact: Fact) -> Option<&Hook> {
        self.hooks.iter().find(|h| h.fact == fact && h.refused.is_none())
    }

    /// Whether a fact can be seen.
    pub fn sees(&self, fact: Fact) -> bool {
        self.hook(fact).is_some()
    }

    /// Whether every occurrence of a fact is seen, or told as lost. A kprobe on a function that runs
    /// in a softirq is skipped, without a trace on older kernels, while another program runs on the
    /// CPU (`bpf_prog_active`, kernel/trace/bpf_trace.c).
    pub fn sees_all(&self, fact: Fact) -> bool {
        let skipped = |hook: &Hook| hook.plan == Plan::Kprobe && fact == Fact::NsDestroy;
        self.hook(fact).is_some_and(|hook| !skipped(hook))
    }

    /// The plan: the best one of which a hook is attached.
    pub fn plan(&self) -> Plan {
        self.hooks
            .iter()
            .filter(|h| h.refused.is_none())
            .map(|h| h.plan)
            .min()
            .unwrap_or(Plan::Tracepoint)
    }

    /// What is lost because facts have no hook.
    pub fn gaps(&self) -> Vec<Gap> {
        COSTS
            .iter()
            .filter(|(fact, _)| !self.sees(*fact))
            .map(|&(fact, cost)| Gap { fact, cost })
            .collect()
    }
}

/// What each fact's absence costs; the losses of the tracepoint plan, named.
const COSTS: &[(Fact, &str)] = &[
    (Fact::AllocPid, "pids that no task got (failed forks) show only as holes in the numbering"),
    (Fact::ForkFail, "failed forks are not seen, nor their errno and namespace"),
    (
        Fact::Release,
        "the moment of reaping, and by whom: known only to lie between exit and the freeing of the task, some 10 ms late",
    ),
    (
        Fact::FreePid,
        "the moment numbers become free, and pids that live on as a group's or session's: inferred",
    ),
    (
        Fact::ChangePid,
        "setpgid by a parent on its child is translated from the call's numbers; changes by the kernel itself are not seen",
    ),
    (
        Fact::ExchangeTids,
        "the moment an exec by a thread swaps pids: seen at the rename or exec that follows",
    ),
    (
        Fact::PidNsCreate,
        "PID namespaces appear with the unshare call or with their first task, discarded ones never",
    ),
    (Fact::NsDying, "when a namespace stops taking tasks: inferred from its init's exit"),
    (Fact::NsDestroy, "the end of PID namespaces: inferred by the next sweep"),
    (Fact::NsCreate, "which namespaces a call made is inferred from inode numbers not seen before"),
    (
        Fact::NsEnter,
        "namespace changes by other ways than unshare and setns; those of exec are read at exec",
    ),
    (Fact::Cred, "uid, gid and user namespace changes: read at the task's next event"),
    (
        Fact::PtraceLink,
        "tracers by other ways than ptrace(2): TRACEME and automatic attachment are read at the task's next event",
    ),
    (Fact::Cgroup, "the path of a cgroup that is made and gone between two sweeps"),
    (
        Fact::CgroupMove,
        "the moment a process enters a container's cgroup: read at its next sweep; its children carry it",
    ),
    (Fact::PtraceUnlink, "the end of tracing by the tracer's exit: read at the task's next event"),
];
