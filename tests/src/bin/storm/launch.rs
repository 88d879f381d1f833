//! Other programs: on one CPU, or with what they cost.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};

use crate::check;

/// Becomes a program that runs on one CPU only.
pub(crate) fn pin(cpu: &str, program: &str, args: &[&str]) -> Result<()> {
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

/// Runs a program, whose output nobody reads; the ns and bytes that it took.
///
/// This process is small, so that what it hands down by fork is less than any program's own peak.
pub(crate) fn cost(program: &str, args: &[&str]) -> Result<()> {
    let begun = Instant::now();
    let mut command = Command::new(program);
    let child = command.args(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.with_context(|| format!("cannot run {program}"))?;
    let (status, usage) = wait(child.id() as i32)?;
    let wall = begun.elapsed().as_nanos();
    ensure!(status == 0, "{program} failed: wait status {status:#x}");
    let ns = |time: libc::timeval| (time.tv_sec * 1_000_000 + time.tv_usec) * 1000;
    println!("sample wall {wall}");
    println!("sample cpu {}", ns(usage.ru_utime) + ns(usage.ru_stime));
    println!("sample peak {}", usage.ru_maxrss * 1024);
    Ok(())
}

/// Waits for a child: its status, and what it used.
fn wait(pid: i32) -> io::Result<(i32, libc::rusage)> {
    let mut status = 0;
    // SAFETY: a structure of integers, for which zero is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: the kernel writes an integer and one structure.
    check(unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) })?;
    Ok((status, usage))
}
