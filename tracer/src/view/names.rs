//! The names of the kernel's numbers: signals, errnos, clone flags, policies, limits, states.

use std::fmt::Write as _;

/// Names of the signals 1 to 31, without `SIG`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

/// `SIGCHLD`, what a child sends at its end if nothing else was asked for.
pub const SIGCHLD: i32 = 17;

/// The signal's name without `SIG`, if it has one.
pub fn signal(number: i32) -> Option<&'static str> {
    let index = usize::try_from(number).ok()?.checked_sub(1)?;
    SIGNALS.get(index).copied()
}

/// Appends a signal as `9 (KILL)`; real-time ones as `35 (RTMIN+1)`, counted as the C library does.
pub fn write_signal(number: i32, out: &mut String) {
    let _ = match (signal(number), number) {
        (Some(name), _) => write!(out, "{number} ({name})"),
        (None, 34) => write!(out, "34 (RTMIN)"),
        (None, 35..=64) => write!(out, "{number} (RTMIN+{})", number - 34),
        _ => write!(out, "{number}"),
    };
}

/// How a task ended, from wait(2)'s form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By exit, with this code.
    Code(i32),
    /// By a signal.
    Signal {
        /// Its number.
        signal: i32,
        /// It left a core dump.
        core: bool,
    },
}

impl Ended {
    /// Takes wait(2)'s form apart.
    pub fn from_wait(status: i32) -> Self {
        match status & 0x7f {
            0 => Self::Code(status >> 8 & 0xff),
            signal => Self::Signal { signal, core: status & 0x80 != 0 },
        }
    }

    /// Appends `0`, `code 65` or `signal 2 (INT)`, the last one perhaps with ` core dumped`.
    pub fn write(self, out: &mut String) {
        match self {
            Self::Code(0) => out.push('0'),
            Self::Code(code) => {
                let _ = write!(out, "code {code}");
            }
            Self::Signal { signal, core } => {
                out.push_str("signal ");
                write_signal(signal, out);
                out.push_str(if core { " core dumped" } else { "" });
            }
        }
    }
}

/// The `CLONE_*` flags (include/uapi/linux/sched.h). `CLONE_NEWTIME` lies where clone(2) has the
/// exit signal; the kernel keeps that apart.
const CLONE: [(u64, &str); 27] = [
    (0x80, "CLONE_NEWTIME"),
    (0x100, "CLONE_VM"),
    (0x200, "CLONE_FS"),
    (0x400, "CLONE_FILES"),
    (0x800, "CLONE_SIGHAND"),
    (0x1000, "CLONE_PIDFD"),
    (0x2000, "CLONE_PTRACE"),
    (0x4000, "CLONE_VFORK"),
    (0x8000, "CLONE_PARENT"),
    (0x1_0000, "CLONE_THREAD"),
    (0x2_0000, "CLONE_NEWNS"),
    (0x4_0000, "CLONE_SYSVSEM"),
    (0x8_0000, "CLONE_SETTLS"),
    (0x10_0000, "CLONE_PARENT_SETTID"),
    (0x20_0000, "CLONE_CHILD_CLEARTID"),
    (0x40_0000, "CLONE_DETACHED"),
    (0x80_0000, "CLONE_UNTRACED"),
    (0x100_0000, "CLONE_CHILD_SETTID"),
    (0x200_0000, "CLONE_NEWCGROUP"),
    (0x400_0000, "CLONE_NEWUTS"),
    (0x800_0000, "CLONE_NEWIPC"),
    (0x1000_0000, "CLONE_NEWUSER"),
    (0x2000_0000, "CLONE_NEWPID"),
    (0x4000_0000, "CLONE_NEWNET"),
    (0x8000_0000, "CLONE_IO"),
    (0x1_0000_0000, "CLONE_CLEAR_SIGHAND"),
    (0x2_0000_0000, "CLONE_INTO_CGROUP"),
];

/// Flags that only say how the C library keeps its threads; left out of lines for people.
pub const CLONE_CHORES: u64 = 0x4_0000 | 0x8_0000 | 0x10_0000 | 0x20_0000 | 0x40_0000 | 0x100_0000;

/// Flags that every thread has; left out of lines for people beside `thread`.
pub const CLONE_OF_THREADS: u64 = 0x100 | 0x200 | 0x400 | 0x800 | 0x1_0000 | CLONE_CHORES;

/// The names of the flags that are set, lowest first, and the bits that have no name.
pub fn clone_flags(flags: u64) -> (impl Iterator<Item = &'static str>, u64) {
    let named = CLONE.iter().fold(0, |all, (bit, _)| all | bit);
    let names = CLONE.iter().filter(move |(bit, _)| flags & bit != 0).map(|&(_, name)| name);
    (names, flags & !named)
}

/// Errnos 1 to 40 (include/uapi/asm-generic/errno-base.h and errno.h).
const ERRNOS: [&str; 40] = [
    "EPERM",
    "ENOENT",
    "ESRCH",
    "EINTR",
    "EIO",
    "ENXIO",
    "E2BIG",
    "ENOEXEC",
    "EBADF",
    "ECHILD",
    "EAGAIN",
    "ENOMEM",
    "EACCES",
    "EFAULT",
    "ENOTBLK",
    "EBUSY",
    "EEXIST",
    "EXDEV",
    "ENODEV",
    "ENOTDIR",
    "EISDIR",
    "EINVAL",
    "ENFILE",
    "EMFILE",
    "ENOTTY",
    "ETXTBSY",
    "EFBIG",
    "ENOSPC",
    "ESPIPE",
    "EROFS",
    "EMLINK",
    "EPIPE",
    "EDOM",
    "ERANGE",
    "EDEADLK",
    "ENAMETOOLONG",
    "ENOLCK",
    "ENOSYS",
    "ENOTEMPTY",
    "ELOOP",
];

/// The rest of them that a fork can meet, restarts among them (include/linux/errno.h).
const ERRNOS_ABOVE: [(i32, &str); 12] = [
    (61, "ENODATA"),
    (75, "EOVERFLOW"),
    (87, "EUSERS"),
    (95, "EOPNOTSUPP"),
    (105, "ENOBUFS"),
    (110, "ETIMEDOUT"),
    (122, "EDQUOT"),
    (125, "ECANCELED"),
    (512, "ERESTARTSYS"),
    (513, "ERESTARTNOINTR"),
    (514, "ERESTARTNOHAND"),
    (516, "ERESTART_RESTARTBLOCK"),
];

/// The errno's name, if it is known here.
pub fn errno(number: i32) -> Option<&'static str> {
    let low = usize::try_from(number).ok()?.checked_sub(1).and_then(|i| ERRNOS.get(i)).copied();
    low.or_else(|| ERRNOS_ABOVE.iter().find(|(n, _)| *n == number).map(|&(_, name)| name))
}

/// Appends an errno's name, or `errno 4711`.
pub fn write_errno(number: i32, out: &mut String) {
    match errno(number) {
        Some(name) => out.push_str(name),
        None => {
            let _ = write!(out, "errno {number}");
        }
    }
}

/// The scheduling policy's name (include/uapi/linux/sched.h).
pub fn policy(number: u32) -> Option<&'static str> {
    Some(match number {
        0 => "SCHED_NORMAL",
        1 => "SCHED_FIFO",
        2 => "SCHED_RR",
        3 => "SCHED_BATCH",
        5 => "SCHED_IDLE",
        6 => "SCHED_DEADLINE",
        7 => "SCHED_EXT",
        _ => return None,
    })
}

/// The resource limits, in the order of `RLIMIT_*`.
pub const RLIMITS: [&str; 16] = [
    "CPU",
    "FSIZE",
    "DATA",
    "STACK",
    "CORE",
    "RSS",
    "NPROC",
    "NOFILE",
    "MEMLOCK",
    "AS",
    "LOCKS",
    "SIGPENDING",
    "MSGQUEUE",
    "NICE",
    "RTPRIO",
    "RTTIME",
];

/// The `__state` of a task in the kernel's words (include/linux/sched.h).
pub fn run_state(state: u32) -> &'static str {
    match state {
        0 => "TASK_RUNNING",
        s if s & 0x402 == 0x402 => "TASK_IDLE",
        s if s & 0x102 == 0x102 => "TASK_KILLABLE",
        s if s & 0x1 != 0 => "TASK_INTERRUPTIBLE",
        s if s & 0x2 != 0 => "TASK_UNINTERRUPTIBLE",
        s if s & 0x4 != 0 => "TASK_STOPPED",
        s if s & 0x8 != 0 => "TASK_TRACED",
        s if s & 0x40 != 0 => "TASK_PARKED",
        s if s & 0x80 != 0 => "TASK_DEAD",
        s if s & 0x800 != 0 => "TASK_NEW",
        _ => "other",
    }
}

/// The name of a record's [`kind`](tracer_ebpf::wire::kind), as the programs have it.
pub fn record(kind: u16) -> &'static str {
    use tracer_ebpf::wire::kind as k;
    match kind {
        k::FORK => "fork",
        k::SNAPSHOT => "snapshot",
        k::UPDATE => "update",
        k::SNAPSHOT_BEGIN => "snapshot_begin",
        k::SNAPSHOT_END => "snapshot_end",
        k::ALLOC_PID => "alloc_pid",
        k::HELD_PID => "held_pid",
        k::ALLOC_FAIL => "alloc_fail",
        k::FORK_FAIL => "fork_fail",
        k::FREE_PID => "free_pid",
        k::CHANGE_PID => "change_pid",
        k::EXCHANGE_TIDS => "exchange_tids",
        k::EXEC => "exec",
        k::RENAME => "rename",
        k::EXIT => "exit",
        k::RELEASE => "release",
        k::FREE_TASK => "free_task",
        k::CGROUP_MAKE => "cgroup_make",
        k::CGROUP_END => "cgroup_end",
        k::CGROUP_FOUND => "cgroup_found",
        k::CGROUP_MOVE => "cgroup_move",
        k::CRED => "cred",
        k::PTRACE => "ptrace",
        k::PID_NS => "pid_ns",
        k::NS_SET => "ns_set",
        k::NS_DYING => "ns_dying",
        k::NS_DESTROY => "ns_destroy",
        k::SYSCALL => "syscall",
        k::DETAIL => "detail",
        k::LOST => "lost",
        k::PROC => "proc",
        k::CENSUS => "census",
        _ => "unknown record",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(status: i32) -> String {
        let mut out = String::new();
        Ended::from_wait(status).write(&mut out);
        out
    }

    #[test]
    fn endings_read_as_exitsnoop_writes_them() {
        assert_eq!(ended(0), "0");
        assert_eq!(ended(65 << 8), "code 65");
        assert_eq!(ended(2), "signal 2 (INT)");
        assert_eq!(ended(0x8b), "signal 11 (SEGV) core dumped");
        assert_eq!(ended(34), "signal 34 (RTMIN)");
        assert_eq!(ended(64), "signal 64 (RTMIN+30)");
        assert_eq!(ended(33), "signal 33");
    }

    #[test]
    fn flags_have_names_and_the_rest_is_kept() {
        let (names, rest) = clone_flags(0x2000_0000 | 0x100 | 1 << 40);
        assert_eq!(names.collect::<Vec<_>>(), ["CLONE_VM", "CLONE_NEWPID"]);
        assert_eq!(rest, 1 << 40);
    }

    #[test]
    fn numbers_without_a_name_have_none() {
        assert_eq!((errno(11), errno(28), errno(0)), (Some("EAGAIN"), Some("ENOSPC"), None));
        assert_eq!((errno(-1), errno(516)), (None, Some("ERESTART_RESTARTBLOCK")));
        assert_eq!((signal(0), signal(-5), signal(15)), (None, None, Some("TERM")));
        assert_eq!((policy(7), policy(4)), (Some("SCHED_EXT"), None));
    }
}
