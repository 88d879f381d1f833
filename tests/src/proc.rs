//! What `/proc` says of a task: the second of the two truths that scenarios know.
//!
//! All paths go through the `/proc` of the initial PID namespace, which stays mounted in every
//! namespace that a scenario makes; so `/proc/thread-self` names the caller by its level-0 number.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The links of `/proc/PID/ns`, with the clone flag of the kind; the last two say where children go.
pub(crate) const KINDS: [(&str, u64); 8] = [
    ("user", libc::CLONE_NEWUSER as u64),
    ("mnt", libc::CLONE_NEWNS as u64),
    ("uts", libc::CLONE_NEWUTS as u64),
    ("ipc", libc::CLONE_NEWIPC as u64),
    ("net", libc::CLONE_NEWNET as u64),
    ("pid", libc::CLONE_NEWPID as u64),
    ("cgroup", libc::CLONE_NEWCGROUP as u64),
    ("time", crate::sys::CLONE_NEWTIME),
];

/// The links that name the namespaces of future children.
const FOR_CHILDREN: [&str; 2] = ["pid_for_children", "time_for_children"];

/// `PF_KTHREAD` in the flags of `/proc/PID/stat`.
const PF_KTHREAD: u64 = 0x0020_0000;

/// One task as `/proc` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Level-0 number of the thread group.
    pub(crate) pid: i32,
    /// Level-0 number of the task.
    pub(crate) tid: i32,
    /// The comm.
    pub(crate) comm: String,
    /// The letter of the state: `Z` is a zombie, `X` is gone.
    pub(crate) state: char,
    /// Level-0 thread group of the real parent.
    pub(crate) ppid: i32,
    /// Level-0 number of the tracer, or 0.
    pub(crate) tracer: i32,
    /// Real user id, as the reader's user namespace has it.
    pub(crate) uid: u32,
    /// Real group id.
    pub(crate) gid: u32,
    /// `NSpid`: the numbers of the task, level 0 first.
    pub(crate) ns_pid: Vec<i32>,
    /// `NSpgid`; 0 where the group is not in that namespace.
    pub(crate) ns_pgid: Vec<i32>,
    /// `NSsid`; 0 where the session is not in that namespace.
    pub(crate) ns_sid: Vec<i32>,
    /// A kernel thread.
    pub(crate) kernel: bool,
    /// Start, in ticks of 10 ms since boot.
    pub(crate) start_ticks: u64,
    /// Inode numbers of the namespaces that could be read.
    pub(crate) ns: BTreeMap<&'static str, u64>,
}

/// The level-0 numbers (process, thread) of the caller.
pub(crate) fn myself() -> io::Result<(i32, i32)> {
    let link = fs::read_link("/proc/thread-self")?;
    let mut parts = link.iter().filter_map(|part| part.to_str()?.parse().ok());
    let pair = (parts.next(), parts.next());
    if let (Some(pid), Some(tid)) = pair { Ok((pid, tid)) } else { Err(bad("thread-self", &link)) }
}

/// The caller itself.
pub(crate) fn me() -> io::Result<Facts> {
    read(Path::new("/proc/thread-self"))
}

/// The leader of a process, by its level-0 number.
pub(crate) fn process(pid: i32) -> io::Result<Facts> {
    read(&PathBuf::from(format!("/proc/{pid}/task/{pid}")))
}

/// A task, by its folder in `/proc`.
pub(crate) fn read(folder: &Path) -> io::Result<Facts> {
    let status = fs::read_to_string(folder.join("status"))?;
    let stat = fs::read(folder.join("stat"))?;
    let comm = fs::read(folder.join("comm"))?;
    let mut facts = parse_status(&status);
    let (flags, start) = parse_stat(&stat).ok_or_else(|| bad("stat", folder))?;
    facts.kernel = flags & PF_KTHREAD != 0;
    facts.start_ticks = start;
    facts.comm = String::from_utf8_lossy(comm.strip_suffix(b"\n").unwrap_or(&comm)).into_owned();
    for kind in KINDS.map(|(kind, _)| kind).into_iter().chain(FOR_CHILDREN) {
        if let Ok(inode) = ns_of(folder, kind) {
            facts.ns.insert(kind, inode);
        }
    }
    Ok(facts)
}

/// The inode number of one namespace of the caller.
pub(crate) fn my_ns(kind: &str) -> io::Result<u64> {
    ns_of(Path::new("/proc/thread-self"), kind)
}

/// Every task of the host, by level-0 number. Tasks that end meanwhile are left out.
pub(crate) fn walk() -> io::Result<BTreeMap<i32, Facts>> {
    let mut tasks = BTreeMap::new();
    for pid in numbers("/proc")? {
        for tid in numbers(&format!("/proc/{pid}/task")).unwrap_or_default() {
            if let Ok(facts) = read(&PathBuf::from(format!("/proc/{pid}/task/{tid}"))) {
                tasks.insert(tid, facts);
            }
        }
    }
    Ok(tasks)
}

/// The entries of a folder that are numbers.
pub(crate) fn numbers(folder: &str) -> io::Result<Vec<i32>> {
    let entries = fs::read_dir(folder)?;
    Ok(entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// Every process below `root` in the tree of parents.
pub(crate) fn descendants(root: i32) -> io::Result<Vec<i32>> {
    let mut parents = Vec::new();
    for pid in numbers("/proc")? {
        if let Ok(status) = fs::read_to_string(format!("/proc/{pid}/status")) {
            parents.push((pid, parse_status(&status).ppid));
        }
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, ppid)| *ppid == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    Ok(found.split_off(1))
}

/// The inode number behind a link such as `pid:[4026531836]`.
fn ns_of(folder: &Path, kind: &str) -> io::Result<u64> {
    let link = fs::read_link(folder.join("ns").join(kind))?;
    let text = link.to_str().unwrap_or_default();
    let inode = text.split_once(":[").and_then(|(_, rest)| rest.strip_suffix(']'));
    inode.and_then(|inode| inode.parse().ok()).ok_or_else(|| bad(kind, &link))
}

/// The lines of `status` that matter.
fn parse_status(status: &str) -> Facts {
    let mut facts = Facts::default();
    for (key, value) in status.lines().filter_map(|line| line.split_once(':')) {
        let list = || value.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        let first = || value.split_whitespace().next().and_then(|word| word.parse::<i64>().ok());
        let number = || first().unwrap_or_default();
        match key {
            "State" => facts.state = value.trim().chars().next().unwrap_or('?'),
            "Tgid" => facts.pid = number() as i32,
            "Pid" => facts.tid = number() as i32,
            "PPid" => facts.ppid = number() as i32,
            "TracerPid" => facts.tracer = number() as i32,
            "Uid" => facts.uid = number() as u32,
            "Gid" => facts.gid = number() as u32,
            "NSpid" => facts.ns_pid = list(),
            "NSpgid" => facts.ns_pgid = list(),
            "NSsid" => facts.ns_sid = list(),
            _ => {}
        }
    }
    facts
}

/// Flags (field 9) and start (field 22) of `stat`; the comm may hold spaces and parentheses.
fn parse_stat(stat: &[u8]) -> Option<(u64, u64)> {
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let fields = std::str::from_utf8(stat.get(end + 1..)?).ok()?;
    let field = |number: usize| fields.split_whitespace().nth(number - 3)?.parse().ok();
    Some((field(9)?, field(22)?))
}

/// A file of `/proc` that is not as it should be.
fn bad(what: &str, path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot read {what} of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comm_with_parentheses_does_not_shift_the_fields() {
        let stat = b"7 (a) b (c) S 1 7 7 0 -1 2097216 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        assert_eq!(parse_stat(stat), Some((2_097_216, 4242)));
    }

    #[test]
    fn status_gives_every_level() {
        let status = "State:\tZ (zombie)\nTgid:\t9\nNSpid:\t9\t2\t1\nNSsid:\t9\t0\t0\n";
        let facts = parse_status(status);
        assert_eq!((facts.state, facts.pid), ('Z', 9));
        assert_eq!((facts.ns_pid, facts.ns_sid), (vec![9, 2, 1], vec![9, 0, 0]));
    }

    #[test]
    fn the_caller_knows_itself() {
        let (pid, tid) = myself().unwrap();
        let facts = me().unwrap();
        assert_eq!((facts.pid, facts.tid), (pid, tid));
        assert_eq!(facts.ns["pid"], my_ns("pid").unwrap());
    }
}
