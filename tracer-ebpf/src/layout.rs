//! The one table of the kernel's struct members that we read.
//!
//! User space resolves each path in the running kernel's BTF and freezes the byte offset into the
//! BPF object's read-only data; the programs see constants, and drop what depends on [`ABSENT`]
//! ones. Where a member has moved, the alternatives are tried in order.

/// The offset of a member that this kernel does not have.
pub const ABSENT: u32 = u32::MAX;

/// How a member is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The symbol of the frozen offset in the BPF object.
    pub symbol: &'static str,
    /// `struct.member.member`; alternatives are separated by `|`.
    pub path: &'static str,
    /// What is resolved.
    pub want: Want,
}

/// What is resolved of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// The byte offset; the tool cannot run without it.
    Offset,
    /// The byte offset, or [`ABSENT`].
    Optional,
    /// The bit offset of a one-bit field or of a `bool`, or [`ABSENT`].
    Bit,
}

/// Hands the table to a macro: `NAME: Want "path";` lines.
#[macro_export]
macro_rules! layout {
    ($each:ident) => {
        $each! {
            TASK_PID: Offset "task_struct.pid";
            TASK_TGID: Offset "task_struct.tgid";
            TASK_THREAD_PID: Offset "task_struct.thread_pid";
            TASK_GROUP_LEADER: Offset "task_struct.group_leader";
            TASK_REAL_PARENT: Offset "task_struct.real_parent";
            TASK_PARENT: Offset "task_struct.parent";
            TASK_CHILDREN: Offset "task_struct.children";
            TASK_START: Offset "task_struct.start_boottime";
            TASK_EXIT_SIGNAL: Offset "task_struct.exit_signal";
            TASK_EXIT_CODE: Offset "task_struct.exit_code";
            TASK_EXIT_STATE: Offset "task_struct.exit_state";
            TASK_FLAGS: Offset "task_struct.flags";
            TASK_STATE: Offset "task_struct.__state|task_struct.state";
            TASK_PTRACE: Offset "task_struct.ptrace";
            TASK_COMM: Offset "task_struct.comm";
            TASK_CRED: Offset "task_struct.real_cred";
            TASK_NSPROXY: Offset "task_struct.nsproxy";
            TASK_SIGNAL: Offset "task_struct.signal";
            TASK_MM: Offset "task_struct.mm";
            TASK_CGROUPS: Optional "task_struct.cgroups";
            TASK_STATUS: Optional "task_struct.thread_info.status";

            SIGNAL_PIDS: Offset "signal_struct.pids";
            SIGNAL_LIVE: Offset "signal_struct.live";
            SIGNAL_FLAGS: Offset "signal_struct.flags";
            SIGNAL_GROUP_CODE: Offset "signal_struct.group_exit_code";
            SIGNAL_LEADER: Offset "signal_struct.leader";
            SIGNAL_SUBREAPER: Bit "signal_struct.is_child_subreaper";
            SIGNAL_HAS_SUBREAPER: Bit "signal_struct.has_child_subreaper";
            SIGNAL_NR_THREADS: Offset "signal_struct.nr_threads";
            SIGNAL_RLIM: Offset "signal_struct.rlim";

            PID_LEVEL: Offset "pid.level";
            PID_NUMBERS: Offset "pid.numbers";
            PID_TASKS: Offset "pid.tasks";
            PID_COUNT: Offset "pid.count";
            PID_INO: Optional "pid.ino";

            PIDNS_NS: Offset "pid_namespace.ns";
            PIDNS_LEVEL: Offset "pid_namespace.level";
            PIDNS_PARENT: Offset "pid_namespace.parent";
            PIDNS_REAPER: Offset "pid_namespace.child_reaper";
            PIDNS_ALLOCATED: Offset "pid_namespace.pid_allocated";
            PIDNS_CURSOR: Offset "pid_namespace.idr.idr_next";
            PIDNS_USER: Offset "pid_namespace.user_ns";
            PIDNS_RCU: Offset "pid_namespace.rcu";
            PIDNS_MAX: Optional "pid_namespace.pid_max";

            NS_INUM: Offset "ns_common.inum";
            NS_ID: Optional "ns_common.ns_id|ns_common.ns_tree.ns_id";

            NSPROXY_UTS: Offset "nsproxy.uts_ns";
            NSPROXY_IPC: Offset "nsproxy.ipc_ns";
            NSPROXY_MNT: Offset "nsproxy.mnt_ns";
            NSPROXY_PID: Offset "nsproxy.pid_ns_for_children";
            NSPROXY_NET: Offset "nsproxy.net_ns";
            NSPROXY_TIME: Optional "nsproxy.time_ns";
            NSPROXY_TIME_CHILDREN: Optional "nsproxy.time_ns_for_children";
            NSPROXY_CGROUP: Offset "nsproxy.cgroup_ns";
            NSPROXY_COUNT: Offset "nsproxy.count";
            UTS_NS: Offset "uts_namespace.ns";
            IPC_NS: Offset "ipc_namespace.ns";
            MNT_NS: Offset "mnt_namespace.ns";
            NET_NS: Offset "net.ns";
            TIME_NS: Optional "time_namespace.ns";
            CGROUP_NS: Offset "cgroup_namespace.ns";
            USER_NS: Offset "user_namespace.ns";
            USER_PARENT: Offset "user_namespace.parent";

            CRED_UID: Offset "cred.uid";
            CRED_GID: Offset "cred.gid";
            CRED_EUID: Offset "cred.euid";
            CRED_EGID: Offset "cred.egid";
            CRED_SUID: Offset "cred.suid";
            CRED_SGID: Offset "cred.sgid";
            CRED_CAPS: Offset "cred.cap_effective";
            CRED_USER_NS: Offset "cred.user_ns";

            CSS_SET_DFL: Optional "css_set.dfl_cgrp";
            CGROUP_KN: Optional "cgroup.kn";
            KERNFS_ID: Optional "kernfs_node.id";
            CSS_SET_SUBSYS: Optional "css_set.subsys";
            CSS_CGROUP: Optional "cgroup_subsys_state.cgroup";
            CGROUP_LEVEL: Optional "cgroup.level";
            CGROUP_ROOT: Optional "cgroup.root";
            CGROUP_ROOT_ID: Optional "cgroup_root.hierarchy_id";

            BPRM_FILENAME: Offset "linux_binprm.filename";
            MM_ARG_START: Offset "mm_struct.arg_start";
            MM_ARG_END: Offset "mm_struct.arg_end";
            CLONE_ARGS_FLAGS: Optional "kernel_clone_args.flags";

            REGS_NR: Optional "pt_regs.orig_ax";
            REGS_ARG0: Optional "pt_regs.di";
            REGS_ARG1: Optional "pt_regs.si";
            REGS_ARG2: Optional "pt_regs.dx";
            REGS_ARG3: Optional "pt_regs.r10";
            REGS_BX: Optional "pt_regs.bx";
            REGS_CX: Optional "pt_regs.cx";

            TASK_UTIME: Offset "task_struct.utime";
            TASK_STIME: Offset "task_struct.stime";
            TASK_NVCSW: Offset "task_struct.nvcsw";
            TASK_NIVCSW: Offset "task_struct.nivcsw";
            TASK_ACTIVE_MM: Offset "task_struct.active_mm";
            TASK_EXEC_ID: Offset "task_struct.self_exec_id";
            TASK_POLICY: Offset "task_struct.policy";
            TASK_PRIO: Offset "task_struct.prio";
            TASK_STATIC_PRIO: Offset "task_struct.static_prio";
            TASK_NORMAL_PRIO: Offset "task_struct.normal_prio";
            TASK_RT_PRIORITY: Offset "task_struct.rt_priority";
            TASK_CPUS: Offset "task_struct.cpus_mask";
            TASK_NR_CPUS: Offset "task_struct.nr_cpus_allowed";
            TASK_CPU: Optional "task_struct.thread_info.cpu|task_struct.cpu";
        }
    };
}

macro_rules! table {
    ($($symbol:ident: $want:ident $path:literal;)*) => {
        /// Every member that the programs read.
        pub const MEMBERS: &[Member] = &[$(Member {
            symbol: stringify!($symbol),
            path: $path,
            want: Want::$want,
        },)*];
    };
}
layout!(table);

/// Facts about this kernel that are no offsets, frozen likewise; 0 is no, 1 is yes.
pub mod flag {
    /// `sched_process_exit` passes `group_dead`.
    pub const GROUP_DEAD: &str = "HAS_GROUP_DEAD";
    /// `change_pid` takes `struct pid **pids` first.
    pub const CHANGE_PID_SHIFT: &str = "CHANGE_PID_SHIFT";
    /// Arguments of exec are read.
    pub const EXEC_ARGS: &str = "EXEC_ARGS";
    /// Index of the controller in whose hierarchy the tasks' cgroups are; `ABSENT`: the default one.
    pub const CGROUP_SUBSYS: &str = "CGROUP_SUBSYS";
    /// Number of that hierarchy, 0 for the default one.
    pub const CGROUP_HIERARCHY: &str = "CGROUP_HIERARCHY";
    /// First secret of the run's cookies.
    pub const SECRET0: &str = "SECRET0";
    /// Second secret, odd.
    pub const SECRET1: &str = "SECRET1";
    /// Bytes in the ring from which on a record wakes the reader.
    pub const WATERMARK: &str = "WATERMARK";
}
