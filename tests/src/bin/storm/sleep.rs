//! Children that sleep, so that there are many tasks.

use std::io::{self, Read, Write};

use anyhow::{Context, Result};

use crate::{
    check,
    operation::{reap, rename},
};

/// Makes sleeping children, says so, and ends them when standard input ends.
pub(crate) fn children(count: u32) -> Result<()> {
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
