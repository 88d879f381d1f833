//! Making tasks that tell their own truth, and waiting for them without a sleep.

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::thread::JoinHandle;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::json;

use crate::sys::{self, Ended};
use crate::{proc, truth};

/// A door between tasks: those who [`pass`](Gate::pass) wait until it is opened, once for each.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Where they wait.
    reader: PipeReader,
    /// What wakes them.
    writer: PipeWriter,
}

impl Gate {
    /// A closed one.
    pub(crate) fn new() -> Result<Self> {
        let (reader, writer) = std::io::pipe()?;
        Ok(Self { reader, writer })
    }

    /// Lets one task pass.
    pub(crate) fn open(&self) -> Result<()> {
        Ok((&self.writer).write_all(&[1])?)
    }

    /// Waits for one [`open`](Gate::open).
    pub(crate) fn pass(&self) -> Result<()> {
        (&self.reader).read_exact(&mut [0]).context("the other side of a gate is gone")
    }

    /// Waits for something that never comes: until a signal ends this task.
    pub(crate) fn stay(&self) -> Result<i32> {
        self.pass()?;
        Err(anyhow!("nobody should have opened this gate"))
    }
}

/// A child process that has told its birth.
#[derive(Debug)]
pub(crate) struct Child {
    /// Its number at level 0.
    pub(crate) pid: i32,
    /// Its number for its parent.
    pub(crate) local: i32,
    /// Its numbers, level 0 first.
    pub(crate) ns_pids: Vec<i32>,
    /// Names it even when the number is somebody else's.
    fd: OwnedFd,
}

/// Forks: the child runs `body` and exits with the code that it gives.
pub(crate) fn fork(body: impl FnOnce() -> Result<i32>) -> Result<Child> {
    clone(0, body)
}

/// Forks with `CLONE_*` flags other than `CLONE_VM` and `CLONE_THREAD`.
pub(crate) fn clone(flags: u64, body: impl FnOnce() -> Result<i32>) -> Result<Child> {
    clone_as(flags, &[], body)
}

/// As [`clone`], with the numbers that the child shall have, deepest level first.
pub(crate) fn clone_as(
    flags: u64,
    numbers: &[i32],
    body: impl FnOnce() -> Result<i32>,
) -> Result<Child> {
    let creator = proc::myself()?;
    let (mut reader, mut writer) = std::io::pipe()?;
    let local = sys::clone3(flags, libc::SIGCHLD, numbers)
        .with_context(|| format!("clone3({:?}) failed", truth::flag_names(flags)))?;
    if local == 0 {
        drop(reader);
        truth::deadline();
        run_and_exit(|| {
            let me = truth::born(creator, flags)?;
            send(&mut writer, &me.ns_pid)?;
            drop(writer);
            body()
        });
    }
    drop(writer);
    let ns_pids = receive(&mut reader).context("a child died before it could tell its birth")?;
    let pid = *ns_pids.first().context("a child without a number")?;
    Ok(Child { pid, local, ns_pids, fd: sys::pidfd(local)? })
}

/// Sends numbers through a pipe.
fn send(writer: &mut PipeWriter, numbers: &[i32]) -> Result<()> {
    let mut bytes = vec![numbers.len() as u8];
    bytes.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
    Ok(writer.write_all(&bytes)?)
}

/// Takes numbers from a pipe.
fn receive(reader: &mut PipeReader) -> Result<Vec<i32>> {
    let mut count = [0];
    reader.read_exact(&mut count)?;
    let mut bytes = vec![0; usize::from(count[0]) * 4];
    reader.read_exact(&mut bytes)?;
    let number = |chunk: &[u8]| chunk.try_into().map(i32::from_ne_bytes).unwrap_or_default();
    Ok(bytes.chunks(4).map(number).collect())
}

/// Tells the caller's parent of a child that it will inherit.
pub(crate) fn hand_over(writer: &mut PipeWriter, child: &Child) -> Result<()> {
    send(writer, &[&[child.local][..], &child.ns_pids].concat())
}

/// Takes a child of a child, which must be in the caller's namespace or below.
pub(crate) fn take_over(reader: &mut PipeReader) -> Result<Child> {
    let numbers = receive(reader)?;
    let (Some(&local), Some(&pid)) = (numbers.first(), numbers.get(1)) else {
        return Err(anyhow!("no child was handed over"));
    };
    Ok(Child { pid, local, ns_pids: numbers[1..].to_vec(), fd: sys::pidfd(local)? })
}

/// Runs the body of a child and ends the process: nothing of the parent's code may run in it.
fn run_and_exit(body: impl FnOnce() -> Result<i32>) -> ! {
    let code = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => {
            eprintln!("a child failed: {error:#}");
            101
        }
        Err(_) => 102,
    };
    sys::exit(code)
}

/// Tries to make a child, and tells that it was refused with the errno that it must be.
pub(crate) fn refused(
    flags: u64,
    numbers: &[i32],
    (name, errno): (&str, i32),
    ns: Option<u64>,
) -> Result<()> {
    // A thread has no exit signal, and clone3 itself would refuse one before the fork begins.
    let signal = if flags & libc::CLONE_THREAD as u64 == 0 { libc::SIGCHLD } else { 0 };
    match sys::clone3(flags, signal, numbers) {
        Ok(0) => sys::exit(103),
        Ok(child) => {
            sys::kill(child, libc::SIGKILL)?;
            sys::wait(sys::pidfd(child)?.as_fd(), 0)?;
            Err(anyhow!("clone3 should have failed with {name}"))
        }
        Err(error) if error.raw_os_error() == Some(errno) => truth::refused(name, errno, flags, ns),
        Err(error) => Err(anyhow!("clone3 should have failed with {name}, not with {error}")),
    }
}

impl Child {
    /// Waits until it has ended and leaves it a zombie.
    pub(crate) fn ended(&self) -> Result<Ended> {
        let how = sys::wait(self.fd.as_fd(), libc::WNOWAIT).context("waitid(WNOWAIT) failed")?;
        let seen = proc::process(self.pid)?;
        ensure!(seen.state == 'Z', "{} is {} and not a zombie", self.pid, seen.state);
        ensure!(seen.ns_pid == self.ns_pids, "{:?} became {:?}", self.ns_pids, seen.ns_pid);
        Ok(how)
    }

    /// As [`ended`](Self::ended), and tells how it ended.
    pub(crate) fn zombie(&self) -> Result<Ended> {
        let how = self.ended()?;
        truth::ended(self.pid, self.pid, &self.ns_pids, how)?;
        Ok(how)
    }

    /// Takes the zombie away; `freed` says whether nobody uses its number as a group's or a
    /// session's, so that it is free at once.
    pub(crate) fn reap(self, freed: bool) -> Result<Ended> {
        let how = sys::wait(self.fd.as_fd(), 0).context("waitid failed")?;
        truth::released(self.pid, &self.ns_pids, Some(proc::myself()?.1))?;
        if freed {
            truth::freed(&self.ns_pids)?;
        }
        Ok(how)
    }

    /// Waits for its end and takes it away.
    pub(crate) fn wait(self) -> Result<Ended> {
        self.zombie()?;
        self.reap(true)
    }

    /// Waits for its end, which must be an exit with this code.
    pub(crate) fn exits(self, code: i32) -> Result<()> {
        let (pid, how) = (self.pid, self.wait()?);
        ensure!(how == Ended::Code(code), "{pid} should have exited with {code}: {how:?}");
        Ok(())
    }

    /// Waits for its end, which must be this signal.
    pub(crate) fn dies_of(self, number: i32) -> Result<()> {
        let (pid, how) = (self.pid, self.wait()?);
        let fits = matches!(how, Ended::Signal { number: seen, .. } if seen == number);
        ensure!(fits, "{pid} should have been killed by {number}: {how:?}");
        Ok(())
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: i32) -> Result<()> {
        Ok(sys::kill(self.local, signal)?)
    }
}

/// Waits until a process has ended that somebody else reaps, by its number for the caller. The
/// pidfd must have been opened while it lived.
pub(crate) fn gone(pidfd: &OwnedFd) -> Result<()> {
    ensure!(sys::readable(pidfd.as_fd(), 30_000)?, "a process does not end");
    Ok(())
}

/// A thread that has told its birth.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Its number at level 0.
    pub(crate) tid: i32,
    /// What it comes to.
    handle: JoinHandle<Result<()>>,
}

impl Thread {
    /// Waits for its end.
    pub(crate) fn join(self) -> Result<()> {
        self.handle.join().unwrap_or_else(|_| Err(anyhow!("thread {} panicked", self.tid)))
    }
}

/// Starts a thread that tells its birth and, after `body`, its end.
pub(crate) fn thread(body: impl FnOnce() -> Result<()> + Send + 'static) -> Result<Thread> {
    let creator = proc::myself()?;
    let (sender, receiver) = mpsc::channel();
    let handle = std::thread::Builder::new().spawn(move || {
        let me = truth::born(creator, sys::PTHREAD_FLAGS)?;
        sender.send(me.tid).ok();
        body()?;
        truth::ended(me.pid, me.tid, &me.ns_pid, Ended::Code(0))?;
        // The kernel reaps a thread in its own context.
        truth::released(me.tid, &me.ns_pid, Some(me.tid))?;
        truth::freed(&me.ns_pid)
    })?;
    let tid = receiver.recv().context("a thread died before it told its birth")?;
    Ok(Thread { tid, handle })
}

/// Replaces the caller by this program's `become` verb, which exits with `code`.
pub(crate) fn become_another(code: i32) -> Result<i32> {
    let program = program()?;
    let code = code.to_string();
    let args = [program.as_str(), "become", code.as_str()];
    truth::will_exec(&program, &args)?;
    Err(sys::exec(&program, &args)).context("exec failed")
}

/// The path of this program.
pub(crate) fn program() -> Result<String> {
    let path = std::env::current_exe().context("cannot find this program")?;
    path.into_os_string().into_string().map_err(|path| anyhow!("{} is no UTF-8", path.display()))
}

/// The caller joins or leaves a session or a group: `kind` is `pgid` or `sid`.
pub(crate) fn moved(kind: &str, before: &proc::Facts, after: &proc::Facts) -> Result<()> {
    let (old, new, key) = match kind {
        "sid" => (&before.ns_sid, &after.ns_sid, "ns_sids"),
        _ => (&before.ns_pgid, &after.ns_pgid, "ns_pgids"),
    };
    let old_key = format!("old_{kind}");
    let mut event = json!({
        "type": kind, "pid": after.pid, "tid": after.tid, "ns_pids": after.ns_pid,
        kind: new.first(), key: new,
    });
    if let Some(old) = old.first().filter(|old| **old > 0) {
        event[old_key] = json!(old);
    }
    truth::see(&event)
}

/// The caller makes a session of its own, and tells it.
pub(crate) fn setsid() -> Result<()> {
    let before = proc::me()?;
    sys::setsid().context("setsid failed")?;
    let after = proc::me()?;
    moved("sid", &before, &after)?;
    moved("pgid", &before, &after)
}

/// `setpgid`, telling what `/proc` shows of the one that is moved.
pub(crate) fn setpgid(level0: i32, pid: i32, group: i32) -> Result<()> {
    let before = proc::process(level0)?;
    sys::setpgid(pid, group).context("setpgid failed")?;
    moved("pgid", &before, &proc::process(level0)?)
}
