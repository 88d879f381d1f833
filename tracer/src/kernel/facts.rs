//! The host's facts.

use std::{fs, os::linux::fs::MetadataExt};

use rustix::time::{ClockId, clock_gettime};

use super::procfs::line;
use crate::host::Host;

/// Inode number of the initial PID namespace (`PROC_PID_INIT_INO`).
const INITIAL_PID_NS: u64 = 0xEFFF_FFFC;

fn now(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// The time, ns since boot.
pub(super) fn boottime() -> u64 {
    now(ClockId::Boottime)
}

/// Reads the facts about this host.
pub fn host() -> Host {
    let uname = rustix::system::uname();
    Host {
        release: uname.release().to_string_lossy().into_owned(),
        name: uname.nodename().to_string_lossy().into_owned(),
        boot_id: line("/proc/sys/kernel/random/boot_id").unwrap_or_default(),
        wall_ns: now(ClockId::Realtime),
        boot_ns: boottime(),
        mono_ns: now(ClockId::Monotonic),
        cpus: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
        pid_max: line("/proc/sys/kernel/pid_max").and_then(|text| text.parse().ok()).unwrap_or(0),
    }
}

/// Whether we are in the initial PID namespace: the iterator shows its reader's only.
pub(super) fn in_initial_pid_ns() -> bool {
    fs::metadata("/proc/self/ns/pid").is_ok_and(|m| m.st_ino() == INITIAL_PID_NS)
}
