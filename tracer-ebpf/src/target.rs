//! The one table of what the programs are attached to: the kernel's functions and tracepoints, and
//! the numbers of parameters that each program was written for.
//!
//! User space compares them with the running kernel's BTF before it attaches: a function that has
//! changed is refused with a reason, never read wrongly.

/// Where in a function a hook sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// fentry or kprobe.
    Entry,
    /// fexit, or kprobe (for the arguments) with kretprobe.
    Return,
}

/// A function that is hooked. Its programs are `f_NAME` (trampoline), `k_NAME` (probe) and, at the
/// return, `e_NAME` (the entry probe that keeps the arguments).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The programs' common name.
    pub program: &'static str,
    /// The function's names, the one of newer kernels first.
    pub names: &'static [&'static str],
    /// Where the hook sits.
    pub at: At,
    /// How many parameters the programs were written for.
    pub arities: &'static [usize],
}

/// A tracepoint that is hooked, by the program `t_NAME`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracepoint {
    /// Its name.
    pub name: &'static str,
    /// How many arguments the program was written for.
    pub arities: &'static [usize],
}

macro_rules! functions {
    ($($symbol:ident: $program:literal, $at:ident of $names:expr, takes $arities:expr;)*) => {
        $(
            #[doc = concat!("`", $program, "`.")]
            pub const $symbol: Function =
                Function { program: $program, names: &$names, at: At::$at, arities: &$arities };
        )*
        /// Every function.
        pub const FUNCTIONS: &[Function] = &[$($symbol,)*];
    };
}

macro_rules! tracepoints {
    ($($symbol:ident: $name:literal, passes $arities:expr;)*) => {
        $(
            #[doc = concat!("`", $name, "`.")]
            pub const $symbol: Tracepoint = Tracepoint { name: $name, arities: &$arities };
        )*
        /// Every tracepoint.
        pub const TRACEPOINTS: &[Tracepoint] = &[$($symbol,)*];
    };
}

functions! {
    DELAYED_FREE_PIDNS: "delayed_free_pidns", Entry of ["delayed_free_pidns"], takes [1];
    FREE_PID: "free_pid", Entry of ["free_pid"], takes [1];
    RELEASE: "release", Entry of ["cgroup_task_release", "cgroup_release"], takes [1];
    ZAP_PID_NS: "zap_pid_ns_processes", Entry of ["zap_pid_ns_processes"], takes [1];
    PTRACE_UNLINK: "ptrace_unlink", Entry of ["__ptrace_unlink"], takes [1];
    PTRACE_LINK: "ptrace_link", Entry of ["__ptrace_link"], takes [3];
    PTRACE_CONNECTOR: "ptrace_connector", Entry of ["proc_ptrace_connector"], takes [2];
    COMMIT_CREDS: "commit_creds", Entry of ["commit_creds"], takes [1];
    // Before `free_pid` was taken out of it: (task, type, pid); then with `struct pid **pids` first.
    CHANGE_PID: "change_pid", Entry of ["change_pid"], takes [3, 4];
    EXCHANGE_TIDS: "exchange_tids", Entry of ["exchange_tids"], takes [2];
    SWITCH_NAMESPACES: "switch_task_namespaces", Entry of ["switch_task_namespaces"], takes [2];
    NEW_NAMESPACES: "create_new_namespaces", Return of ["create_new_namespaces"], takes [4];
    COPY_PID_NS: "copy_pid_ns", Return of ["copy_pid_ns"], takes [3];
    COPY_PROCESS: "copy_process", Return of ["copy_process"], takes [4];
    ALLOC_PID: "alloc_pid", Return of ["alloc_pid"], takes [3];
}

tracepoints! {
    SCHED_PROCESS_FREE: "sched_process_free", passes [1];
    // (task), then (task, group_dead).
    SCHED_PROCESS_EXIT: "sched_process_exit", passes [1, 2];
    TASK_RENAME: "task_rename", passes [2];
    SCHED_PROCESS_EXEC: "sched_process_exec", passes [3];
    TASK_NEWTASK: "task_newtask", passes [2];
    SYS_EXIT: "sys_exit", passes [2];
    CGROUP_MKDIR: "cgroup_mkdir", passes [2];
    CGROUP_RMDIR: "cgroup_rmdir", passes [2];
    CGROUP_ATTACH: "cgroup_attach_task", passes [4];
}
