//! seccomp: which system calls a thread may make.
//!
//! Lists of what is allowed; everything else answers EPERM. A filter that kills would turn a call
//! that a future C library makes, harmless in itself, into the end of a process that is to be always
//! there; with EPERM it fails as any call may, and says so in the log. What an attacker needs (other
//! programs, new BPF programs, new sockets, signals to others) is refused either way.

use std::{collections::BTreeMap, env::consts::ARCH};

use libc as nr;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen::Dword, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};

/// What any thread does: memory, time, waiting, what is open already, its end.
const COMMON: &[i64] = &[
    nr::SYS_brk,
    nr::SYS_clock_getres,
    nr::SYS_clock_gettime,
    nr::SYS_clock_nanosleep,
    nr::SYS_close,
    nr::SYS_epoll_ctl,
    nr::SYS_epoll_pwait,
    nr::SYS_epoll_pwait2,
    nr::SYS_eventfd2,
    nr::SYS_exit,
    nr::SYS_exit_group,
    nr::SYS_fcntl,
    nr::SYS_fstat,
    nr::SYS_futex,
    nr::SYS_getcpu,
    nr::SYS_getegid,
    nr::SYS_geteuid,
    nr::SYS_getgid,
    nr::SYS_getpid,
    nr::SYS_getrandom,
    nr::SYS_gettid,
    nr::SYS_gettimeofday,
    nr::SYS_getuid,
    nr::SYS_lseek,
    nr::SYS_madvise,
    nr::SYS_membarrier,
    nr::SYS_mmap,
    nr::SYS_mprotect,
    nr::SYS_mremap,
    nr::SYS_munmap,
    nr::SYS_nanosleep,
    nr::SYS_ppoll,
    nr::SYS_pread64,
    nr::SYS_read,
    nr::SYS_readv,
    nr::SYS_restart_syscall,
    nr::SYS_rseq,
    nr::SYS_rt_sigaction,
    nr::SYS_rt_sigprocmask,
    nr::SYS_rt_sigreturn,
    nr::SYS_sched_getaffinity,
    nr::SYS_sched_yield,
    nr::SYS_set_robust_list,
    nr::SYS_sigaltstack,
    nr::SYS_tgkill,
    nr::SYS_uname,
    nr::SYS_write,
    nr::SYS_writev,
];

/// The same by the older names that a C library of this architecture uses.
#[cfg(target_arch = "x86_64")]
const COMMON_OLD: &[i64] = &[nr::SYS_epoll_wait, nr::SYS_poll, nr::SYS_time];
#[cfg(not(target_arch = "x86_64"))]
const COMMON_OLD: &[i64] = &[];

/// Talking over sockets that are there.
const TALK: &[i64] = &[
    nr::SYS_accept4,
    nr::SYS_getpeername,
    nr::SYS_getsockname,
    nr::SYS_getsockopt,
    nr::SYS_recvfrom,
    nr::SYS_recvmsg,
    nr::SYS_sendmsg,
    nr::SYS_sendto,
    nr::SYS_setsockopt,
    nr::SYS_shutdown,
];

/// Files: which, Landlock and the file system say.
const FILES: &[i64] = &[
    nr::SYS_faccessat,
    nr::SYS_faccessat2,
    nr::SYS_fadvise64,
    nr::SYS_fallocate,
    nr::SYS_fdatasync,
    nr::SYS_flock,
    nr::SYS_fstatfs,
    nr::SYS_fsync,
    nr::SYS_ftruncate,
    nr::SYS_getcwd,
    nr::SYS_getdents64,
    nr::SYS_newfstatat,
    nr::SYS_openat,
    nr::SYS_prlimit64,
    nr::SYS_pwrite64,
    nr::SYS_readlinkat,
    nr::SYS_renameat,
    nr::SYS_renameat2,
    nr::SYS_statfs,
    nr::SYS_statx,
    nr::SYS_sync_file_range,
    nr::SYS_unlinkat,
    // A thread may give up more of what it has.
    nr::SYS_capget,
    nr::SYS_capset,
    nr::SYS_landlock_add_rule,
    nr::SYS_landlock_create_ruleset,
    nr::SYS_landlock_restrict_self,
    nr::SYS_prctl,
    nr::SYS_seccomp,
    // Refused by the other filter, in the way that has the C library try the older call.
    nr::SYS_clone3,
];

#[cfg(target_arch = "x86_64")]
const FILES_OLD: &[i64] = &[
    nr::SYS_access,
    nr::SYS_lstat,
    nr::SYS_open,
    nr::SYS_readlink,
    nr::SYS_rename,
    nr::SYS_stat,
    nr::SYS_unlink,
];
#[cfg(not(target_arch = "x86_64"))]
const FILES_OLD: &[i64] = &[];

/// What the keeper does beside: telling systemd, and moving to another CPU.
const KEEP: &[i64] = &[
    nr::SYS_connect,
    nr::SYS_getsockopt,
    nr::SYS_sched_setaffinity,
    nr::SYS_sendmsg,
    nr::SYS_sendto,
    nr::SYS_setsockopt,
];

/// Commands of bpf(2) that go on: reading and writing maps, iterators, facts about what is loaded;
/// loading anything is over. (`enum bpf_cmd`, include/uapi/linux/bpf.h)
const BPF: [u64; 6] = [1, 2, 15, 28, 32, 33];

/// Requests of ioctl(2): of sockets and files whether they block, of a terminal whether it is one, of
/// a perf event that it ends.
const IOCTL: [u64; 4] = [nr::FIONBIO, nr::FIOCLEX, nr::TCGETS, 0x2401];

/// A thread shares everything (`CLONE_THREAD`); what does not is a process.
const THREAD: u64 = nr::CLONE_THREAD as u64;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What the thread with the tables may do.
pub(super) fn keeper() -> Result<(), String> {
    let mut rules = listed(&[COMMON, COMMON_OLD, FILES, FILES_OLD, KEEP])?;
    rules.insert(nr::SYS_bpf, one_of(0, &BPF)?);
    rules.insert(nr::SYS_socket, one_of(0, &[nr::AF_UNIX as u64])?);
    rules.insert(nr::SYS_clone, threads()?);
    apply(rules, true)
}

/// What threads that record may do.
pub(super) fn scribe() -> Result<(), String> {
    let mut rules = listed(&[COMMON, COMMON_OLD, FILES, FILES_OLD])?;
    rules.insert(nr::SYS_clone, threads()?);
    apply(rules, true)
}

/// What the thread that serves may do.
pub(super) fn clerk() -> Result<(), String> {
    apply(listed(&[COMMON, COMMON_OLD, TALK])?, false)
}

fn listed(lists: &[&[i64]]) -> Result<Rules, String> {
    let mut rules: Rules =
        lists.iter().copied().flatten().map(|&call| (call, Vec::new())).collect();
    rules.insert(nr::SYS_ioctl, one_of(1, &IOCTL)?);
    Ok(rules)
}

/// An argument is one of these.
fn one_of(argument: u8, values: &[u64]) -> Result<Vec<SeccompRule>, String> {
    values.iter().map(|&value| rule(argument, SeccompCmpOp::Eq, value)).collect()
}

fn threads() -> Result<Vec<SeccompRule>, String> {
    Ok(vec![rule(0, SeccompCmpOp::MaskedEq(THREAD), THREAD)?])
}

fn rule(argument: u8, is: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(argument, Dword, is, value);
    condition.and_then(|it| SeccompRule::new(vec![it])).map_err(|error| error.to_string())
}

fn apply(rules: Rules, threads: bool) -> Result<(), String> {
    if threads {
        // Its flags are behind a pointer, where no filter can look. The C library takes the older
        // call when this one does not exist.
        let newer = BTreeMap::from([(nr::SYS_clone3, Vec::new())]);
        let enosys = SeccompAction::Errno(nr::ENOSYS as u32);
        load(newer, SeccompAction::Allow, enosys)?;
    }
    load(rules, SeccompAction::Errno(nr::EPERM as u32), SeccompAction::Allow)
}

fn load(rules: Rules, otherwise: SeccompAction, matched: SeccompAction) -> Result<(), String> {
    let arch = ARCH.try_into().map_err(|error| format!("{error}"))?;
    let filter = SeccompFilter::new(rules, otherwise, matched, arch);
    let program = filter.and_then(BpfProgram::try_from).map_err(|error| error.to_string())?;
    apply_filter(&program).map_err(|error| error.to_string())
}
