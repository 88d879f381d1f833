//! The few system calls that scenarios need, as functions that return an [`io::Result`].

use std::ffi::CString;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `CLONE_NEWTIME`, which shares its bit with the exit signal of the old clone.
pub(crate) const CLONE_NEWTIME: u64 = 0x80;

/// The flags that glibc's `pthread_create` uses.
pub(crate) const PTHREAD_FLAGS: u64 = (libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID) as u64;

/// How a task ended, as `waitid` tells its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It exited with a code.
    Code(i32),
    /// A signal killed it.
    Signal {
        /// The signal's number.
        number: i32,
        /// A core was dumped.
        core: bool,
    },
}

/// Turns the C convention of -1 and errno into a result.
fn check(value: libc::c_long) -> io::Result<i32> {
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value as i32) }
}

/// `clone3`: 0 in the child. The child runs on a copy of this stack, so `CLONE_VM` is not for here.
pub(crate) fn clone3(flags: u64, exit_signal: i32, set_tid: &[i32]) -> io::Result<i32> {
    // SAFETY: `clone_args` is made of integers, for which zero is valid and means "not used".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = flags;
    args.exit_signal = exit_signal as u64;
    if !set_tid.is_empty() {
        args.set_tid = set_tid.as_ptr() as u64;
        args.set_tid_size = set_tid.len() as u64;
    }
    // SAFETY: the kernel reads `args` and `set_tid`, which live across the call; without CLONE_VM
    // the child has its own memory.
    check(unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) })
}

/// A vfork whose child runs `body` on its own stack while the caller waits.
pub(crate) fn vfork(body: extern "C" fn(*mut libc::c_void) -> i32) -> io::Result<i32> {
    let mut stack = vec![0_u128; 4096];
    let top = stack.as_mut_ptr_range().end.cast();
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack outlives the child's use of it, because CLONE_VFORK keeps the caller here
    // until the child has called exec or _exit; `u128` aligns its end to 16 bytes.
    check(unsafe { libc::clone(body, top, flags, std::ptr::null_mut()) }.into())
}

/// `execve` with the environment of the caller; returns only on failure.
pub(crate) fn exec(path: &str, args: &[&str]) -> io::Error {
    let strings = |list: &[&str]| -> Vec<CString> {
        list.iter().filter_map(|text| CString::new(*text).ok()).collect()
    };
    let Ok(path) = CString::new(path) else { return io::ErrorKind::InvalidInput.into() };
    let args = strings(args);
    let mut argv: Vec<_> = args.iter().map(|arg| arg.as_ptr()).collect();
    argv.push(std::ptr::null());
    // SAFETY: path and argv are NUL-terminated and live until the call returns.
    unsafe { libc::execv(path.as_ptr(), argv.as_ptr()) };
    io::Error::last_os_error()
}

/// Waits for a child through its pidfd and says how it ended. `options` beside `WEXITED`:
/// `WNOWAIT` leaves it a zombie.
pub(crate) fn wait(pidfd: BorrowedFd<'_>, options: i32) -> io::Result<Ended> {
    // SAFETY: `siginfo_t` is plain data, for which zero is valid.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: `info` is a writable siginfo_t.
        let done = check(libc::c_long::from(unsafe {
            libc::waitid(
                libc::P_PIDFD,
                pidfd.as_raw_fd() as libc::id_t,
                &raw mut info,
                libc::WEXITED | options,
            )
        }));
        match done {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(_) => break,
        }
    }
    // SAFETY: a successful waitid fills in the fields of a SIGCHLD.
    let status = unsafe { info.si_status() };
    Ok(match info.si_code {
        libc::CLD_EXITED => Ended::Code(status),
        code => Ended::Signal { number: status, core: code == libc::CLD_DUMPED },
    })
}

/// A pidfd of a process, by its number in the caller's namespace.
pub(crate) fn pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: pidfd_open takes two integers.
    let fd = check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Waits until `fd` can be read (a pidfd: until its process has ended); false after `millis`.
pub(crate) fn readable(fd: BorrowedFd<'_>, millis: i32) -> io::Result<bool> {
    let mut poll = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    loop {
        // SAFETY: one pollfd, writable.
        match check(unsafe { libc::poll(&raw mut poll, 1, millis) }.into()) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(|count| count > 0),
        }
    }
}

/// `unshare` of this thread.
pub(crate) fn unshare(flags: u64) -> io::Result<()> {
    // SAFETY: takes an integer; it changes no memory of ours.
    check(unsafe { libc::unshare(flags as i32) }.into()).map(drop)
}

/// `setns` of this thread.
pub(crate) fn setns(fd: BorrowedFd<'_>, kind: u64) -> io::Result<()> {
    // SAFETY: takes two integers; it changes no memory of ours.
    check(unsafe { libc::setns(fd.as_raw_fd(), kind as i32) }.into()).map(drop)
}

/// `prctl` with one argument that is no pointer.
fn prctl(option: i32, value: libc::c_ulong) -> io::Result<()> {
    // SAFETY: the options used here take an integer.
    check(unsafe { libc::prctl(option, value, 0, 0, 0) }.into()).map(drop)
}

/// Makes this process a child subreaper.
pub(crate) fn become_subreaper() -> io::Result<()> {
    prctl(libc::PR_SET_CHILD_SUBREAPER, 1)
}

/// Asks for a signal at the moment when the parent of this process changes because it died.
pub(crate) fn signal_on_parent_death(signal: i32) -> io::Result<()> {
    prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong)
}

/// Sets the comm of this thread.
pub(crate) fn set_name(name: &str) -> io::Result<()> {
    let name = CString::new(name)?;
    // SAFETY: the kernel copies at most 16 bytes of a NUL-terminated string.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), 0, 0, 0) }.into()).map(drop)
}

/// Blocks a signal, so that it can be taken with [`take_signal`].
pub(crate) fn block_signal(signal: i32) -> io::Result<()> {
    let set = signal_set(signal);
    // SAFETY: `set` is initialised; the old mask is not asked for.
    match unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Waits for a blocked signal.
pub(crate) fn take_signal(signal: i32) -> io::Result<()> {
    let set = signal_set(signal);
    // SAFETY: `set` is initialised; the siginfo is not asked for.
    check(unsafe { libc::sigwaitinfo(&raw const set, std::ptr::null_mut()) }.into()).map(drop)
}

/// The set of one signal.
fn signal_set(signal: i32) -> libc::sigset_t {
    // SAFETY: `sigset_t` is plain data, and sigemptyset initialises it.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: `set` is writable.
    unsafe { libc::sigemptyset(&raw mut set) };
    // SAFETY: `set` is initialised and the signal's number is one of libc's.
    unsafe { libc::sigaddset(&raw mut set, signal) };
    set
}

/// Gives a signal its default action again: Rust's runtime handles SIGSEGV.
pub(crate) fn default_action(signal: i32) {
    // SAFETY: SIG_DFL is no function of ours.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}

/// Ends this process after so many seconds. A handler, because the init of a PID namespace is
/// immune to the default action.
pub(crate) fn deadline(seconds: u32) {
    /// Leaves without looking back: the only thing that is safe in a handler.
    extern "C" fn leave(_: i32) {
        exit(124);
    }
    let handler: extern "C" fn(i32) = leave;
    // SAFETY: the handler calls nothing but _exit.
    unsafe { libc::signal(libc::SIGALRM, handler as libc::sighandler_t) };
    // SAFETY: takes an integer.
    unsafe { libc::alarm(seconds) };
}

/// `setsid`.
pub(crate) fn setsid() -> io::Result<i32> {
    // SAFETY: takes nothing.
    check(unsafe { libc::setsid() }.into())
}

/// `setpgid`, numbers as the caller's namespace has them.
pub(crate) fn setpgid(pid: i32, group: i32) -> io::Result<()> {
    // SAFETY: takes two integers.
    check(unsafe { libc::setpgid(pid, group) }.into()).map(drop)
}

/// The caller's process number in its own namespace.
pub(crate) fn getpid() -> i32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::getpid() }
}

/// The caller's parent in the caller's namespace, 0 if outside.
pub(crate) fn getppid() -> i32 {
    // SAFETY: takes nothing, cannot fail.
    unsafe { libc::getppid() }
}

/// Sends a signal.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: takes two integers.
    check(unsafe { libc::kill(pid, signal) }.into()).map(drop)
}

/// Ends the process (every thread) at once.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: takes an integer, does not return.
    unsafe { libc::_exit(code) }
}

/// Ends this thread alone, even if it is the leader.
pub(crate) fn exit_thread(code: i32) -> ! {
    // SAFETY: takes an integer, does not return, frees nothing that other threads use.
    unsafe { libc::syscall(libc::SYS_exit, code) };
    unreachable!("exit returned")
}

/// Gives the CPU to someone else.
pub(crate) fn yield_now() {
    std::thread::yield_now();
}

/// One of the `ptrace` requests without data.
pub(crate) fn ptrace(request: libc::c_uint, pid: i32) -> io::Result<()> {
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: SEIZE, INTERRUPT and DETACH take no pointers.
    check(unsafe { libc::ptrace(request, pid, none, none) }).map(drop)
}

/// Waits for a ptrace stop.
pub(crate) fn wait_stopped(pid: i32) -> io::Result<()> {
    // SAFETY: the status is not asked for.
    check(unsafe { libc::waitpid(pid, std::ptr::null_mut(), libc::__WALL) }.into()).map(drop)
}

/// Allows core dumps of any size for this process.
pub(crate) fn allow_core() -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: libc::RLIM_INFINITY, rlim_max: libc::RLIM_INFINITY };
    // SAFETY: `limit` is readable.
    check(unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const limit) }.into()).map(drop)
}

/// An `io_uring` with a submission-queue thread.
pub(crate) fn io_uring_with_sqpoll() -> io::Result<OwnedFd> {
    /// `struct io_uring_params` is 30 words; the third holds the flags.
    const FLAGS: usize = 2;
    const IORING_SETUP_SQPOLL: u32 = 1 << 1;
    let mut params = [0_u32; 30];
    params[FLAGS] = IORING_SETUP_SQPOLL;
    // SAFETY: the kernel reads and writes 120 bytes of `params`.
    let fd = check(unsafe { libc::syscall(libc::SYS_io_uring_setup, 4, params.as_mut_ptr()) })?;
    // SAFETY: the descriptor is new and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes a dead child away, if it is one.
pub(crate) fn reap(pid: i32) {
    // SAFETY: the status is not asked for.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
}
