//! The operations, one at a time.

use std::{
    io,
    process::{Command, Stdio},
};

use anyhow::{Result, bail};

use crate::{USAGE, check};

/// The name that this process and its children bear, by which their events are told from others'.
const COMM: &[u8] = b"bench-storm\0";

/// What operations need.
pub(crate) struct Room {
    /// For the vfork's child.
    stack: Vec<u128>,
    /// Operations so far.
    turn: u64,
}

impl Room {
    pub(crate) fn new() -> Self {
        Self { stack: vec![0; 1024], turn: 0 }
    }
}

/// One operation.
pub(crate) type Operation = fn(&mut Room) -> io::Result<()>;

pub(crate) fn find(name: &str) -> Result<Operation> {
    Ok(match name {
        "vfork" => vfork,
        "fork" => |_| fork(),
        "thread" => |_| thread(),
        "mix" => mix,
        "exec" => exec,
        "rename" => |_| rename(),
        "setpgid" => |_| setpgid(),
        "getppid" => |_| getppid(),
        _ => bail!("no operation {name}\n{USAGE}"),
    })
}

/// A child that shares our memory and ends at once, while we wait; then it is reaped.
fn vfork(room: &mut Room) -> io::Result<()> {
    extern "C" fn child(_: *mut libc::c_void) -> i32 {
        0
    }
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let top = room.stack.as_mut_ptr_range().end.cast();
    // SAFETY: CLONE_VFORK keeps us here until the child has ended, so the stack outlives its use;
    // `u128` aligns its end to 16 bytes.
    let pid = check(unsafe { libc::clone(child, top, flags, std::ptr::null_mut()) })?;
    reap(pid as i32)
}

fn fork() -> io::Result<()> {
    // SAFETY: this process has one thread, and the child does nothing but end.
    match check(unsafe { libc::fork() })? {
        // SAFETY: ends the child without running anything of its parent's.
        0 => unsafe { libc::_exit(0) },
        pid => reap(pid as i32),
    }
}

pub(crate) fn reap(pid: i32) -> io::Result<()> {
    loop {
        // SAFETY: the status is not asked for.
        match check(unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) }) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other.map(drop),
        }
    }
}

fn thread() -> io::Result<()> {
    let thread = std::thread::Builder::new().spawn(|| ())?;
    thread.join().map_err(|_panic| io::ErrorKind::Other.into())
}

/// Every second time a vfork, else a fork or a thread.
fn mix(room: &mut Room) -> io::Result<()> {
    room.turn += 1;
    match room.turn % 4 {
        0 => fork(),
        1 => thread(),
        _ => vfork(room),
    }
}

/// A program with the arguments of a compiler, others each time.
fn exec(room: &mut Room) -> io::Result<()> {
    room.turn += 1;
    let (turn, part) = (room.turn, room.turn % 37);
    let status = Command::new("/bin/true")
        .args(["-O2", "-g", "-Wall", "-c"])
        .arg(format!("-Iinclude/part-{part}"))
        .arg(format!("src/part-{part}/file-{turn}.c"))
        .arg("-o")
        .arg(format!("build/part-{part}/file-{turn}.o"))
        .stdin(Stdio::inherit())
        .status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("/bin/true is not true")) }
}

pub(crate) fn rename() -> io::Result<()> {
    // SAFETY: the name is NUL-terminated.
    check(unsafe { libc::prctl(libc::PR_SET_NAME, COMM.as_ptr()) }).map(drop)
}

/// Into the group that it leads already: the kernel does all that it does for another group.
fn setpgid() -> io::Result<()> {
    // SAFETY: takes two integers.
    check(unsafe { libc::setpgid(0, 0) }).map(drop)
}

/// A call that changes nothing: what every system call pays.
fn getppid() -> io::Result<()> {
    // SAFETY: takes nothing.
    check(unsafe { libc::syscall(libc::SYS_getppid) }).map(drop)
}
