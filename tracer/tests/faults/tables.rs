//! The daemon's tables beside `/proc`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use super::house::House;

/// By how much the two clocks may differ that say when a process began, ns: `/proc` counts in
/// hundredths of a second.
const GRAIN: u64 = 50_000_000;

/// What differs between what the daemon says and what `/proc` shows; processes that come or go just
/// then are left out.
pub(crate) fn differences(house: &House) -> Vec<String> {
    let (now, before) = (uptime(), processes());
    let Some(answer) = house.ask("/v1/ps").filter(|answer| answer.status == 200) else {
        return vec!["no answer".into()];
    };
    let after = processes();
    let mut said = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in answer.body.lines() {
        let task: serde_json::Value = serde_json::from_str(line).unwrap();
        if task["type"] != "task" {
            continue;
        }
        let pid = task["pid"].as_u64().unwrap();
        // Of one whose birth was lost it may be unknown.
        let start = task["start_ns"].as_u64().unwrap_or(0);
        let known = before.contains_key(&pid) || after.contains_key(&pid);
        if !known && start + GRAIN < now {
            wrong.push(format!("{pid} is shown, and is not there: {line}"));
        }
        said.insert(pid);
    }
    for (pid, (start, name)) in &before {
        let stays = after.get(pid).is_some_and(|(again, _)| again == start);
        if stays && !said.contains(pid) {
            wrong.push(format!("{pid} ({name}) is there, and is not shown"));
        }
    }
    wrong
}

/// The processes of `/proc`: when they began, in its ticks, and what they are called.
fn processes() -> BTreeMap<u64, (u64, String)> {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let process = |entry: fs::DirEntry| {
        let pid: u64 = entry.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
        let start = rest.split_whitespace().nth(19)?.parse().ok()?;
        Some((pid, (start, name.to_owned())))
    };
    entries.filter_map(process).collect()
}

/// ns since boot.
fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap();
    let seconds: f64 = text.split(' ').next().unwrap().parse().unwrap();
    (seconds * 1e9) as u64
}

/// The sum of a metric, whatever its labels.
pub(crate) fn metric(house: &House, name: &str) -> f64 {
    let page = house.ask("/metrics").unwrap();
    let values = page.body.lines().filter_map(|line| {
        let (of, value) = line.rsplit_once(' ')?;
        (of.split('{').next() == Some(name)).then(|| value.parse::<f64>().unwrap())
    });
    let values: Vec<f64> = values.collect();
    assert!(!values.is_empty(), "no metric {name}: {}", page.body);
    values.iter().sum()
}

/// Memory of a process that is its own, bytes.
pub(crate) fn own_memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
