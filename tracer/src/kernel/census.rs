//! What the kernel counts of itself, read from `/proc`: a witness beside the hooks.

use std::{fs, io::Read};

use tracer_ebpf::wire::kind;

use super::{facts, procfs};
use crate::event::{Body, Census, Event, Header, Lost, NO_CPU};

/// Reads it now; `last` where the hooks are detached next. What `/proc` does not say is 0.
pub(super) fn take(last: bool) -> Event {
    let began = facts::boottime();
    let forks = forks().unwrap_or(0);
    let (threads, last_pid) = procfs::load().unwrap_or((0, 0));
    let pid_max = procfs::line("/proc/sys/kernel/pid_max").and_then(|text| text.parse().ok());
    let header =
        Header { ts: facts::boottime(), cpu: NO_CPU, kind: kind::CENSUS, ..Header::default() };
    let pid_max = pid_max.unwrap_or(0);
    let census = Census { header, began, forks, threads, last_pid, pid_max, last: last.into() };
    Event { header, body: Body::Census(census) }
}

/// Programs that the kernel skipped since a time: their records are lost, and no gap shows it.
pub(super) fn skipped(count: u64, since: u64) -> Event {
    let header =
        Header { ts: facts::boottime(), kind: kind::LOST, cpu: NO_CPU, ..Header::default() };
    Event { header, body: Body::Lost(Lost { cpu: NO_CPU, count, since }) }
}

/// Tasks made since boot. The line stands behind long ones of counters.
fn forks() -> Option<u64> {
    let mut stat = String::new();
    fs::File::open("/proc/stat").ok()?.read_to_string(&mut stat).ok()?;
    stat.lines().find_map(|line| line.strip_prefix("processes "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_census_counts_what_we_do() {
        let counted = |event: &Event| match &event.body {
            Body::Census(census) => *census,
            _ => panic!("no census"),
        };
        let before = counted(&take(false));
        std::thread::spawn(|| ()).join().unwrap();
        let after = counted(&take(true));
        assert!(before.forks > 0 && after.forks > before.forks);
        assert!(before.threads > 0 && before.last_pid > 0 && before.pid_max > 0);
        assert!(before.last == 0 && after.last == 1);
        assert!(before.began <= before.header.ts && before.header.ts <= after.began);
    }
}
