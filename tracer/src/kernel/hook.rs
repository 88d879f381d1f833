//! The table of hooks: what each fact can be seen by.

use crate::coverage::Fact;

/// Where in a function a hook sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// fentry or kprobe.
    Entry,
    /// fexit, or kprobe (for the arguments) with kretprobe.
    Return,
}

/// A function that is hooked. Its programs are `f_NAME` (trampoline), `k_NAME` (probe) and, at the
/// return, `e_NAME` (the entry probe that keeps the arguments).
#[derive(Clone, Copy, Debug)]
pub(super) struct Function {
    /// What it tells.
    pub(super) fact: Fact,
    /// Its names, the one of newer kernels first.
    pub(super) targets: &'static [&'static str],
    /// Where the hook sits.
    pub(super) at: At,
    /// How many parameters the programs were written for.
    pub(super) arities: &'static [usize],
    /// The programs' common name.
    pub(super) program: &'static str,
}

/// A tracepoint that is hooked, by the program `t_NAME`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tracepoint {
    /// What it tells.
    pub(super) fact: Fact,
    /// Its name.
    pub(super) name: &'static str,
    /// How many arguments the program was written for.
    pub(super) arities: &'static [usize],
}

/// One hook of either sort.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hookable {
    /// A function.
    Function(Function),
    /// A tracepoint.
    Tracepoint(Tracepoint),
}

const fn function(
    fact: Fact,
    targets: &'static [&'static str],
    at: At,
    arities: &'static [usize],
    program: &'static str,
) -> Hookable {
    Hookable::Function(Function { fact, targets, at, arities, program })
}

const fn tracepoint(fact: Fact, name: &'static str, arities: &'static [usize]) -> Hookable {
    Hookable::Tracepoint(Tracepoint { fact, name, arities })
}

/// Every hook in the order of attaching: ends before beginnings, so that nothing is born under our
/// eyes and dies unseen.
pub(super) const HOOKS: &[Hookable] = &[
    tracepoint(Fact::FreeTask, "sched_process_free", &[1]),
    function(Fact::NsDestroy, &["delayed_free_pidns"], At::Entry, &[1], "delayed_free_pidns"),
    function(Fact::FreePid, &["free_pid"], At::Entry, &[1], "free_pid"),
    function(Fact::Release, &["cgroup_task_release", "cgroup_release"], At::Entry, &[1], "release"),
    tracepoint(Fact::Exit, "sched_process_exit", &[1, 2]),
    function(Fact::NsDying, &["zap_pid_ns_processes"], At::Entry, &[1], "zap_pid_ns_processes"),
    function(Fact::PtraceUnlink, &["__ptrace_unlink"], At::Entry, &[1], "ptrace_unlink"),
    function(Fact::PtraceLink, &["__ptrace_link"], At::Entry, &[3], "ptrace_link"),
    function(Fact::Cred, &["commit_creds"], At::Entry, &[1], "commit_creds"),
    function(Fact::ChangePid, &["change_pid"], At::Entry, &[3, 4], "change_pid"),
    function(Fact::ExchangeTids, &["exchange_tids"], At::Entry, &[2], "exchange_tids"),
    tracepoint(Fact::Rename, "task_rename", &[2]),
    tracepoint(Fact::Exec, "sched_process_exec", &[3]),
    function(Fact::NsEnter, &["switch_task_namespaces"], At::Entry, &[2], "switch_task_namespaces"),
    function(Fact::NsCreate, &["create_new_namespaces"], At::Return, &[4], "create_new_namespaces"),
    function(Fact::PidNsCreate, &["copy_pid_ns"], At::Return, &[3], "copy_pid_ns"),
    tracepoint(Fact::Fork, "task_newtask", &[2]),
    function(Fact::ForkFail, &["copy_process"], At::Return, &[4], "copy_process"),
    function(Fact::AllocPid, &["alloc_pid"], At::Return, &[3], "alloc_pid"),
];

/// The system calls' exit: attached where functions that it stands in for are not.
pub(super) const SYSCALLS: Tracepoint =
    Tracepoint { fact: Fact::Syscalls, name: "sys_exit", arities: &[2] };

/// The facts that [`SYSCALLS`] stands in for.
pub(super) const BY_SYSCALLS: &[Fact] =
    &[Fact::ChangePid, Fact::NsEnter, Fact::Cred, Fact::PtraceLink, Fact::ForkFail, Fact::Release];
