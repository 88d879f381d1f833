//! What `/proc` says of a task: for the self-test, and for tasks that the iterator hides.

use std::{fs, io, os::linux::fs::MetadataExt, path::Path};

/// What `/proc/PID/status`, `stat` and `ns/` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ProcTask {
    pub(super) tid: i32,
    pub(super) tgid: i32,
    pub(super) ppid: i32,
    pub(super) tracer: i32,
    pub(super) comm: [u8; 16],
    pub(super) state: u8,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Numbers of the task, and of its group and session, level 0 first.
    pub(super) ns_pid: Vec<i32>,
    pub(super) ns_pgid: Vec<i32>,
    pub(super) ns_sid: Vec<i32>,
    /// Start, ns since boot, to the clock tick.
    pub(super) start: u64,
    /// Inode numbers in the order of the kinds; 0 where not readable.
    pub(super) ns: [u32; 8],
    pub(super) pid_for_children: u32,
    pub(super) kernel: bool,
}

/// Nanoseconds of a clock tick: USER_HZ is 100 on every architecture that we run on.
pub(super) const TICK: u64 = 10_000_000;
const NS_FILES: [&str; 8] = ["user", "mnt", "uts", "ipc", "net", "pid", "cgroup", "time"];
const PF_KTHREAD: u64 = 0x0020_0000;

/// Reads a task by its folder, `/proc/PID` or `/proc/PID/task/TID`.
pub(super) fn read(dir: &Path) -> io::Result<ProcTask> {
    let mut task = read_numbers(dir)?;
    let inode =
        |name: &str| fs::metadata(dir.join("ns").join(name)).map_or(0, |m| m.st_ino() as u32);
    task.ns = NS_FILES.map(inode);
    task.pid_for_children = inode("pid_for_children");
    Ok(task)
}

/// Reads a task without its namespaces.
pub(super) fn read_numbers(dir: &Path) -> io::Result<ProcTask> {
    let mut task = ProcTask::default();
    let status = fs::read(dir.join("status"))?;
    for line in status.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (key, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        field(&mut task, key, value);
    }
    stat(&mut task, &fs::read(dir.join("stat"))?);
    Ok(task)
}

fn field(task: &mut ProcTask, key: &[u8], value: &[u8]) {
    match key {
        b"Name" => {
            // Escapes of the file (\n and \\) are undone; the name is at most 15 bytes.
            let name = unescape(value);
            let len = name.len().min(15);
            if let (Some(to), Some(from)) = (task.comm.get_mut(..len), name.get(..len)) {
                to.copy_from_slice(from);
            }
        }
        b"State" => task.state = value.first().copied().unwrap_or_default(),
        b"Tgid" => task.tgid = number(value),
        b"Pid" => task.tid = number(value),
        b"PPid" => task.ppid = number(value),
        b"TracerPid" => task.tracer = number(value),
        b"Uid" => task.uid = numbers(value).first().map_or(0, |&uid| uid as u32),
        b"Gid" => task.gid = numbers(value).first().map_or(0, |&gid| gid as u32),
        b"NSpid" => task.ns_pid = narrow(&numbers(value)),
        b"NSpgid" => task.ns_pgid = narrow(&numbers(value)),
        b"NSsid" => task.ns_sid = narrow(&numbers(value)),
        _ => {}
    }
}

fn unescape(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'n') => out.push(b'\n'),
            Some(other) => out.push(other),
            None => out.push(byte),
        }
    }
    out
}

fn number(value: &[u8]) -> i32 {
    numbers(value).first().map_or(0, |&number| number as i32)
}

fn numbers(value: &[u8]) -> Vec<i64> {
    let text = String::from_utf8_lossy(value);
    text.split_ascii_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn narrow(wide: &[i64]) -> Vec<i32> {
    wide.iter().map(|&number| number as i32).collect()
}

/// Field 9 is the flags, field 22 the start; the name in field 2 may contain anything.
fn stat(task: &mut ProcTask, stat: &[u8]) {
    let Some(end) = stat.iter().rposition(|&byte| byte == b')') else { return };
    let rest = String::from_utf8_lossy(stat.get(end + 1..).unwrap_or_default()).into_owned();
    let field = |n: usize| {
        rest.split_ascii_whitespace().nth(n - 3).and_then(|word| word.parse::<u64>().ok())
    };
    task.kernel = field(9).is_some_and(|flags| flags & PF_KTHREAD != 0);
    task.start = field(22).unwrap_or(0).saturating_mul(TICK);
}

/// The numbers that a folder of `/proc` lists, ascending.
pub(super) fn list(dir: &Path) -> Vec<i32> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let mut found: Vec<i32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    found.sort_unstable();
    found
}

/// How many tasks the kernel says there are, and the number it gave out last (`/proc/loadavg`: the
/// number behind the slash, and the last field).
pub(super) fn load() -> Option<(u32, i32)> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let mut words = text.split_ascii_whitespace().skip(3);
    let tasks = words.next()?.split_once('/')?.1.parse().ok()?;
    Some((tasks, words.next()?.parse().ok()?))
}

/// One line of a file below `/proc` or `/sys`.
pub(super) fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_task_reads_as_we_know_it() {
        let task = read(Path::new("/proc/thread-self")).unwrap();
        assert_eq!(task.tgid, std::process::id() as i32);
        assert!(task.ns_pid.contains(&task.tid) && task.ns[5] != 0 && task.start > 0);
    }

    #[test]
    fn a_hostile_name_does_not_shift_the_fields() {
        let mut task = ProcTask::default();
        let stat_line = b"7 (a) R 1 (b\n) S 1 7 7 0 -1 2097216 0 0 0 0 0 0 0 0 20 0 1 0 42 0";
        stat(&mut task, stat_line);
        assert!(task.kernel);
        assert_eq!(task.start, 42 * TICK);
        field(&mut task, b"Name", b"a\\nb\\\\c");
        assert_eq!(&task.comm[..5], b"a\nb\\c");
    }
}
