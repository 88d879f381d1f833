//! One task in detail, for `show`.

use super::Header;

/// Resource limits of a process (`RLIM_NLIMITS`).
pub const RLIMITS: usize = 16;

record! {
    /// The members that only `show` asks for; a SNAPSHOT record of the same task precedes it.
    Detail {
        /// See [`Header`].
        header: Header,
        /// Cookie of the task.
        task: u64,
        /// CPU time in user mode, ns (`utime`).
        utime: u64,
        /// CPU time in kernel mode, ns (`stime`).
        stime: u64,
        /// Voluntary context switches.
        nvcsw: u64,
        /// Involuntary context switches.
        nivcsw: u64,
        /// Cookie of `mm`; 0 for a kernel thread.
        mm: u64,
        /// Cookie of `active_mm`.
        active_mm: u64,
        /// Cookie of `nsproxy`.
        nsproxy: u64,
        /// Cookie of `signal`.
        signal: u64,
        /// Cookie of `cred`.
        cred: u64,
        /// First 64 bits of the mask of CPUs allowed.
        cpus: u64,
        /// `self_exec_id`: how many execs.
        exec_id: u64,
        /// Soft limits, in the order of `RLIMIT_*`; all ones is unlimited.
        rlim_cur: [u64; RLIMITS],
        /// Hard limits.
        rlim_max: [u64; RLIMITS],
        /// Scheduling policy (`SCHED_*`).
        policy: u32,
        /// `prio` (100 to 139 for normal tasks).
        prio: i32,
        /// `static_prio`: 120 + nice.
        static_prio: i32,
        /// `normal_prio`.
        normal_prio: i32,
        /// Real-time priority.
        rt_priority: u32,
        /// `nr_cpus_allowed`.
        nr_cpus: i32,
        /// Threads in the group (`signal->nr_threads`).
        nr_threads: i32,
        /// Reference count of the `struct pid`.
        pid_count: u32,
        /// `euid`.
        euid: u32,
        /// `egid`.
        egid: u32,
        /// `suid`.
        suid: u32,
        /// `sgid`.
        sgid: u32,
        /// CPU it last ran on.
        cpu: u32,
        /// `nsproxy->count`.
        nsproxy_count: u32,
        /// `cred->cap_effective`, low half.
        cap_lo: u32,
        /// `cred->cap_effective`, high half.
        cap_hi: u32,
    }
}
