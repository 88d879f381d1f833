//! What this process uses.

use std::fs;

/// What this process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// CPU time, user and system, microseconds.
    pub(super) cpu_us: u64,
    /// Resident memory, bytes.
    pub(super) resident: i64,
}

/// Microseconds of a clock tick: USER_HZ is 100 on every architecture that we run on.
const TICK_US: u64 = 10_000;

/// Resident memory, bytes; 0 where it cannot be read.
pub(super) fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// Reads it. What cannot be read is 0.
pub(super) fn usage() -> Usage {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    Usage { cpu_us: ticks(&stat) * TICK_US, resident: resident() as i64 }
}

/// User and system time of a line of `/proc/PID/stat`: the name may have any letters.
fn ticks(stat: &str) -> u64 {
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let words = rest.split_whitespace().skip(11).take(2);
    words.filter_map(|word| word.parse::<u64>().ok()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_stand_behind_the_name() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 10 0 0 0 30 12 0 0 20 0";
        assert_eq!(ticks(stat), 42);
        assert_eq!(ticks(""), 0);
        assert!(usage().resident > 0);
    }
}
