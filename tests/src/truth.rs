//! What a scenario knows of itself, as JSON lines that the verifier compares with the events.
//!
//! - `{"root":{…}}` the first line: the scenario's own process;
//! - `{"see":{…},"if_known":{…}}` exactly one event has these fields, and those too where it has
//!   them at all; `"absent"` lists fields that it must not have;
//! - `{"maybe":{…}}` such an event is explained, but need not be there;
//! - `{"never":{…}}` no event is like this;
//! - `{"order":[{…},…]}` the first events like these come in this order;
//! - `{"skip":"…"}` this kernel or machine cannot do it; `{"done":true}` the last line.
//!
//! Tasks write for themselves: each line is one `write` to a file opened for appending.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::proc::{self, Facts};
use crate::sys::{self, Ended};

/// Names the file that takes the truth.
pub(crate) const FILE: &str = "SCENARIO_TRUTH";

/// Where the lines go.
static SINK: OnceLock<Sink> = OnceLock::new();

/// Inode numbers of the caller's PID namespaces, level 0 first; empty where they are not known.
/// A forked child inherits its parent's copy and adds its own.
static CHAIN: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// The namespaces in which the scenario began: outside them some files mean something else.
static BEGAN_IN: OnceLock<BTreeMap<&'static str, u64>> = OnceLock::new();

/// What becomes of the lines.
#[derive(Debug)]
enum Sink {
    /// They go to a file.
    File(File),
    /// They go to standard output.
    Stdout,
    /// The scenario holds still for the tables to be compared: nobody reads events.
    Hold,
}

/// Starts to tell the truth, or to hold still.
pub(crate) fn open(hold: bool) -> Result<Facts> {
    let sink = match std::env::var_os(FILE) {
        _ if hold => Sink::Hold,
        Some(path) => Sink::File(
            OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path)
                .with_context(|| format!("cannot open {} ({FILE})", path.display()))?,
        ),
        None => Sink::Stdout,
    };
    SINK.set(sink).ok();
    deadline();
    let me = proc::me().context("cannot read /proc/thread-self")?;
    BEGAN_IN.set(me.ns.clone()).ok();
    if let ([_], Some(inode)) = (me.ns_pid.as_slice(), me.ns.get("pid")) {
        *chain() = vec![*inode];
    }
    Ok(me)
}

/// Ends the caller after half a minute, unless the scenario holds still, whatever happens.
pub(crate) fn deadline() {
    if !matches!(SINK.get(), Some(Sink::Hold)) {
        sys::deadline(30);
    }
}

/// Writes one line.
pub(crate) fn tell(line: &Value) -> Result<()> {
    let text = format!("{line}\n");
    match SINK.get() {
        Some(Sink::File(file)) => (&*file).write_all(text.as_bytes()),
        Some(Sink::Stdout) => io::stdout().write_all(text.as_bytes()),
        Some(Sink::Hold) | None => Ok(()),
    }
    .context("cannot write the truth")
}

/// The most interesting state is reached: lets the verifier read every table, if it is waiting.
/// Only the scenario's first process calls this.
pub(crate) fn hold() -> Result<()> {
    if matches!(SINK.get(), Some(Sink::Hold)) {
        println!("ready");
        io::stdout().flush()?;
        while io::stdin().lock().read_line(&mut String::new())? > 0 {}
    }
    Ok(())
}

/// Exactly one event has these fields.
pub(crate) fn see(event: &Value) -> Result<()> {
    tell(&json!({ "see": event }))
}

/// As [`see`], with fields that are compared only where the event has them.
pub(crate) fn see_with(event: &Value, if_known: &Value) -> Result<()> {
    tell(&json!({ "see": event, "if_known": if_known }))
}

/// Such an event is explained, but a plan may not see it.
pub(crate) fn maybe(event: &Value) -> Result<()> {
    tell(&json!({ "maybe": event }))
}

/// The first events like these come in this order.
pub(crate) fn order(events: &[Value]) -> Result<()> {
    tell(&json!({ "order": events }))
}

/// The scenario is not possible here.
pub(crate) fn skip(reason: &str) -> Result<()> {
    tell(&json!({ "skip": reason }))
}

/// The caller has just been born, of `creator` (process, thread): it tells its own fork.
pub(crate) fn born(creator: (i32, i32), flags: u64) -> Result<Facts> {
    let me = proc::me().context("cannot read /proc/thread-self")?;
    let mut event = json!({
        "type": "fork", "pid": me.pid, "tid": me.tid, "ns_pids": me.ns_pid,
        "ppid": me.ppid, "creator": creator.1, "creator_pid": creator.0,
        "flags": flag_names(flags), "comm": me.comm, "ns": me.ns,
    });
    let mut absent = vec!["kernel", "error", "errno"];
    if flags & libc::CLONE_THREAD as u64 != 0 {
        event["thread"] = json!(true);
    } else {
        absent.push("thread");
        event["exit_signal"] = json!(libc::SIGCHLD);
    }
    event["absent"] = json!(absent);
    for (key, numbers) in [("pgid", &me.ns_pgid), ("sid", &me.ns_sid)] {
        if let Some(number) = numbers.first().filter(|number| **number > 0) {
            event[key] = json!(number);
        }
    }
    if began_in("user", &me) {
        event["uid"] = json!(me.uid);
        event["gid"] = json!(me.gid);
    }
    // A time namespace shifts what /proc shows.
    if began_in("time", &me) {
        event["start_ticks"] = json!(me.start_ticks);
    }
    if let Some(id) = began_in("cgroup", &me).then(cgroup_id).flatten() {
        event["cgroup"] = json!(id.to_string());
    }
    see(&event)?;
    allocated(&me)?;
    for (kind, flag) in proc::KINDS {
        if flags & flag != 0
            && let Some(inode) = me.ns.get(kind)
        {
            created(kind, *inode, creator.1)?;
        }
    }
    Ok(me)
}

/// The numbers of a new task, each in its namespace.
fn allocated(me: &Facts) -> Result<()> {
    let Some(own) = me.ns.get("pid") else { return Ok(()) };
    let mut chain = chain();
    if chain.len() + 1 == me.ns_pid.len() && !chain.is_empty() {
        chain.push(*own);
    } else if chain.len() != me.ns_pid.len() || chain.last() != Some(own) {
        chain.clear();
    }
    let mut event = json!({ "type": "alloc_pid", "ns_pids": me.ns_pid });
    if !chain.is_empty() {
        event["ns_inums"] = json!(*chain);
    }
    see(&event)
}

/// A namespace was made by the thread `by`.
pub(crate) fn created(kind: &str, inode: u64, by: i32) -> Result<()> {
    see_with(&json!({ "type": "ns_create", "kind": kind, "inum": inode }), &json!({ "by": by }))
}

/// The caller has changed to another namespace.
pub(crate) fn entered(kind: &str, from: u64, inode: u64) -> Result<()> {
    let (pid, tid) = proc::myself()?;
    see_with(
        &json!({ "type": "ns_enter", "pid": pid, "tid": tid, "kind": kind, "inum": inode }),
        &json!({ "from": from }),
    )
}

/// A task has ended, or is about to.
pub(crate) fn ended(pid: i32, tid: i32, ns_pids: &[i32], how: Ended) -> Result<()> {
    let mut event = json!({ "type": "exit", "pid": pid, "tid": tid, "ns_pids": ns_pids });
    match how {
        Ended::Code(code) => {
            event["exit_code"] = json!(code);
            event["absent"] = json!(["exit_signal"]);
        }
        Ended::Signal { number, core } => {
            event["exit_signal"] = json!(number);
            event["core_dumped"] = json!(core);
            event["absent"] = json!(["exit_code"]);
        }
    }
    see(&event)
}

/// The caller is about to end in this way.
pub(crate) fn will_end(how: Ended) -> Result<()> {
    let me = proc::me()?;
    ended(me.pid, me.tid, &me.ns_pid, how)
}

/// A task was reaped, by the thread `by` if that is known.
pub(crate) fn released(tid: i32, ns_pids: &[i32], by: Option<i32>) -> Result<()> {
    let known = by.map_or_else(|| json!({}), |by| json!({ "by": by }));
    see_with(&json!({ "type": "release", "tid": tid, "ns_pids": ns_pids }), &known)
}

/// Numbers are free again.
pub(crate) fn freed(ns_pids: &[i32]) -> Result<()> {
    see(&json!({ "type": "free_pid", "ns_pids": ns_pids }))
}

/// The caller is about to exec successfully.
pub(crate) fn will_exec(path: &str, args: &[&str]) -> Result<()> {
    let me = proc::me()?;
    see(&json!({
        "type": "exec", "pid": me.pid, "tid": me.tid, "ns_pids": me.ns_pid,
        "filename": path, "args": args, "absent": ["old_tid"],
    }))
}

/// The caller's clone was refused with `errno`, by the PID namespace `ns` if that is known.
pub(crate) fn refused(errno: &str, number: i32, flags: u64, ns: Option<u64>) -> Result<()> {
    let me = proc::me()?;
    let known = ns.map_or_else(|| json!({}), |ns| json!({ "ns": { "pid": ns } }));
    see_with(
        &json!({
            "type": "fork", "error": errno, "errno": number, "pid": me.pid, "tid": me.tid,
            "ns_pids": me.ns_pid, "flags": flag_names(flags),
        }),
        &known,
    )
}

/// Arms the caller to notice the death of its parent, which may then be told to exit.
pub(crate) fn await_orphanage() -> Result<i32> {
    sys::block_signal(libc::SIGUSR1)?;
    sys::signal_on_parent_death(libc::SIGUSR1)?;
    Ok(proc::me()?.ppid)
}

/// Waits until the caller's parent, `old`, has died, and tells who took its place.
pub(crate) fn orphaned(old: i32, why: &str) -> Result<i32> {
    sys::take_signal(libc::SIGUSR1)?;
    let me = proc::me()?;
    let why = if me.ppid == 1 { "namespace_init" } else { why };
    see(&json!({
        "type": "reparent", "pid": me.pid, "tid": me.tid, "ns_pids": me.ns_pid,
        "ppid": me.ppid, "old_ppid": old, "why": why,
    }))?;
    Ok(me.ppid)
}

/// The names of `CLONE_*` flags.
pub(crate) fn flag_names(flags: u64) -> Vec<&'static str> {
    const NAMES: [(u64, &str); 25] = [
        (sys::CLONE_NEWTIME, "CLONE_NEWTIME"),
        (libc::CLONE_VM as u64, "CLONE_VM"),
        (libc::CLONE_FS as u64, "CLONE_FS"),
        (libc::CLONE_FILES as u64, "CLONE_FILES"),
        (libc::CLONE_SIGHAND as u64, "CLONE_SIGHAND"),
        (libc::CLONE_PIDFD as u64, "CLONE_PIDFD"),
        (libc::CLONE_PTRACE as u64, "CLONE_PTRACE"),
        (libc::CLONE_VFORK as u64, "CLONE_VFORK"),
        (libc::CLONE_PARENT as u64, "CLONE_PARENT"),
        (libc::CLONE_THREAD as u64, "CLONE_THREAD"),
        (libc::CLONE_NEWNS as u64, "CLONE_NEWNS"),
        (libc::CLONE_SYSVSEM as u64, "CLONE_SYSVSEM"),
        (libc::CLONE_SETTLS as u64, "CLONE_SETTLS"),
        (libc::CLONE_PARENT_SETTID as u64, "CLONE_PARENT_SETTID"),
        (libc::CLONE_CHILD_CLEARTID as u64, "CLONE_CHILD_CLEARTID"),
        (libc::CLONE_DETACHED as u64, "CLONE_DETACHED"),
        (libc::CLONE_UNTRACED as u64, "CLONE_UNTRACED"),
        (libc::CLONE_CHILD_SETTID as u64, "CLONE_CHILD_SETTID"),
        (libc::CLONE_NEWCGROUP as u64, "CLONE_NEWCGROUP"),
        (libc::CLONE_NEWUTS as u64, "CLONE_NEWUTS"),
        (libc::CLONE_NEWIPC as u64, "CLONE_NEWIPC"),
        (libc::CLONE_NEWUSER as u64, "CLONE_NEWUSER"),
        (libc::CLONE_NEWPID as u64, "CLONE_NEWPID"),
        (libc::CLONE_NEWNET as u64, "CLONE_NEWNET"),
        (0x8000_0000, "CLONE_IO"),
    ];
    NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect()
}

/// The chain of PID namespaces of the caller.
fn chain() -> std::sync::MutexGuard<'static, Vec<u64>> {
    CHAIN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether the caller is still in the namespace of this kind in which the scenario began.
fn began_in(kind: &str, me: &Facts) -> bool {
    BEGAN_IN.get().is_some_and(|began| began.get(kind) == me.ns.get(kind))
}

/// The id of the caller's cgroup, the inode number of its folder: in the hierarchy of the `pids`
/// controller where that has one of its own (version 1), else in the unified one.
fn cgroup_id() -> Option<u64> {
    let cgroups = std::fs::read_to_string("/proc/thread-self/cgroup").ok()?;
    let pids = |line: &str| {
        let (_, rest) = line.split_once(':')?;
        let (names, path) = rest.split_once(':')?;
        names.split(',').any(|name| name == "pids").then(|| path.to_owned())
    };
    let (root, path) = if let Some(path) = cgroups.lines().find_map(pids) {
        (crate::cgroup::mounted("cgroup", Some("pids"))?, path)
    } else {
        let path = cgroups.lines().find_map(|line| line.strip_prefix("0::"))?;
        (crate::cgroup::mounted("cgroup2", None)?, path.to_owned())
    };
    Some(std::fs::metadata(root.join(path.trim_start_matches('/'))).ok()?.ino())
}
