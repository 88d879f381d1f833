//! Load for the benchmark: one operation over and over, as fast as it goes.
//!
//! Nothing here knows of a tracer. The benchmark switches tracers between blocks of operations
//! that this one process does, so that what differs between two neighbouring blocks is the tracer.

use std::{
    io::{self, BufRead, Read, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
    time::Instant,
};

use anyhow::{Context, Result, bail, ensure};

/// What this program understands.
const USAGE: &str =
    "usage: storm OPERATION COUNT     does it COUNT times, and prints the ns that took
       storm OPERATION COUNT --blocks   the same for each line on standard input
       storm children COUNT             sleeping children, until standard input ends
       storm pin CPU COMMAND...         runs a command on one CPU
operations: vfork fork thread rename setpgid getppid";

/// The name that this process and its children bear, by which their events are told from others'.
const COMM: &[u8] = b"bench-storm\0";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args.as_slice() {
        ["pin", cpu, program, rest @ ..] => pin(cpu, program, rest),
        ["children", count] => number(count).and_then(children),
        [operation, count] => number(count).and_then(|count| once(operation, count)),
        [operation, count, "--blocks"] => number(count).and_then(|count| blocks(operation, count)),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("storm: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn number(text: &str) -> Result<u32> {
    text.parse().with_context(|| format!("{text} is no number\n{USAGE}"))
}

/// One operation; the vfork's needs a stack.
type Operation = fn(&mut [u128]) -> io::Result<()>;

fn operation(name: &str) -> Result<Operation> {
    Ok(match name {
        "vfork" => vfork,
        "fork" => |_| fork(),
        "thread" => |_| thread(),
        "rename" => |_| rename(),
        "setpgid" => |_| setpgid(),
        "getppid" => |_| getppid(),
        _ => bail!("no operation {name}\n{USAGE}"),
    })
}

/// Does an operation `count` times; the ns that took.
fn run(operation: Operation, count: u32, stack: &mut [u128]) -> Result<u128> {
    let started = Instant::now();
    for _ in 0..count {
        operation(stack)?;
    }
    Ok(started.elapsed().as_nanos())
}

fn once(name: &str, count: u32) -> Result<()> {
    let operation = operation(name)?;
    rename()?;
    println!("{}", run(operation, count, &mut vec![0; 1024])?);
    Ok(())
}

fn blocks(name: &str, count: u32) -> Result<()> {
    let operation = operation(name)?;
    rename()?;
    let mut stack = vec![0; 1024];
    for line in io::stdin().lock().lines() {
        line?;
        println!("{}", run(operation, count, &mut stack)?);
    }
    Ok(())
}

/// Turns the C convention of -1 and errno into a result.
fn check(value: impl Into<i64>) -> io::Result<i64> {
    let value = value.into();
    if value < 0 { Err(io::Error::last_os_error()) } else { Ok(value) }
}

/// A child that shares our memory and ends at once, while we wait; then it is reaped.
fn vfork(stack: &mut [u128]) -> io::Result<()> {
    extern "C" fn child(_: *mut libc::c_void) -> i32 {
        0
    }
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let top = stack.as_mut_ptr_range().end.cast();
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

fn reap(pid: i32) -> io::Result<()> {
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

fn rename() -> io::Result<()> {
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

/// Makes sleeping children, says so, and ends them when standard input ends.
fn children(count: u32) -> Result<()> {
    rename()?;
    let mut pids = Vec::new();
    let made = (0..count).try_for_each(|_| -> io::Result<()> {
        pids.push(sleeper()?);
        Ok(())
    });
    if made.is_ok() {
        println!("ready");
        io::stdout().flush()?;
        io::stdin().read_to_end(&mut Vec::new())?;
    }
    for &pid in &pids {
        // SAFETY: takes two integers; the child is not reaped yet, so the number is its own.
        check(unsafe { libc::kill(pid, libc::SIGKILL) })?;
    }
    for &pid in &pids {
        reap(pid)?;
    }
    made.with_context(|| format!("cannot make {count} children, only {}", pids.len()))
}

fn sleeper() -> io::Result<i32> {
    // SAFETY: this process has one thread, and the child makes system calls only.
    let pid = check(unsafe { libc::fork() })? as i32;
    if pid == 0 {
        // SAFETY: takes an integer. However we end, no child stays behind.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        loop {
            // SAFETY: takes nothing.
            unsafe { libc::pause() };
        }
    }
    Ok(pid)
}

/// Becomes a program that runs on one CPU only.
fn pin(cpu: &str, program: &str, args: &[&str]) -> Result<()> {
    let cpu: usize = cpu.parse().with_context(|| format!("{cpu} is no CPU"))?;
    ensure!(cpu < libc::CPU_SETSIZE as usize, "no CPU {cpu}");
    // SAFETY: a set of CPUs is an array of integers, for which zero is valid and means "empty".
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the number is within the set.
    unsafe { libc::CPU_SET(cpu, &mut set) };
    // SAFETY: the kernel reads as many bytes as the set has.
    check(unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) })
        .with_context(|| format!("cannot run on CPU {cpu}"))?;
    Err(Command::new(program).args(args).exec()).with_context(|| format!("cannot run {program}"))
}
