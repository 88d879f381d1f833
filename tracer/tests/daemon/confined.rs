//! What the daemon keeps of its privileges, seen from outside, and that all goes on with so few.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _};

use rustix::process::Signal;

use super::{
    house::House,
    run::{TRACER, can_trace},
    storm::storm,
};

/// What may be left, by number (include/uapi/linux/capability.h): BPF, and PTRACE where the iterator
/// hides tasks.
const KEPT: u64 = 1 << 39 | 1 << 19;

/// A thread of the daemon: a line of its status by name.
type Thread = BTreeMap<String, String>;

/// Its threads by name.
fn threads(pid: i32) -> BTreeMap<String, Thread> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let thread = |task: std::io::Result<fs::DirEntry>| {
        let status = fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let lines = status.lines().filter_map(|line| line.split_once(':'));
        let thread: Thread =
            lines.map(|(key, value)| (key.to_owned(), value.trim().to_owned())).collect();
        (thread["Name"].clone(), thread)
    };
    tasks.map(thread).collect()
}

fn capabilities(thread: &Thread) -> u64 {
    let mask = |name| u64::from_str_radix(&thread[name], 16).unwrap();
    ["CapEff", "CapPrm", "CapInh", "CapAmb"].map(mask).into_iter().fold(0, |all, set| all | set)
}

/// Holds every thread against what it may have.
fn hold(house: &House, uid: &str) {
    let threads = threads(house.pid());
    let names: Vec<_> = threads.keys().map(String::as_str).collect();
    assert_eq!(names, ["reader", "recorder", "server", "tracer"]);
    for (name, thread) in &threads {
        assert_eq!(thread["NoNewPrivs"], "1", "{name}");
        assert_eq!(thread["Seccomp"], "2", "{name}");
        assert_eq!(thread["Uid"].split_whitespace().next(), Some(uid), "{name}");
        let kept = if name == "tracer" { KEPT } else { 0 };
        assert_eq!(capabilities(thread) & !kept, 0, "{name}: {thread:?}");
    }
}

/// Its recordings.
fn recordings(dir: &str) -> usize {
    fs::read_dir(dir).map_or(0, Iterator::count)
}

/// Everything that it does in its life is still done: recording, rotation, pruning, sweeps.
fn works(house: &House, dir: &str) {
    house.until("recordings rotate", || {
        storm(300);
        recordings(dir) > 2
    });
    house.until("sweeps go on", || house.metric("tracer_resyncs_total{reason=\"audit\"}") > 2.0);
    house.until("sweeps are complete", || house.metric("tracer_sweeps_total{}") > 2.0);
    assert_eq!(house.ask("/v1/ps").unwrap().status, 200);
    house.signal(Signal::HUP);
    house.until("old recordings are removed", || recordings(dir) <= 3);
    let health = house.ask("/healthz").unwrap();
    assert_eq!(health.status, 200, "{health:?}");
    assert!(health.body.contains("kept: "), "{health:?}");
    for bad in ["cannot", "not permitted", "stopped"] {
        assert!(!house.log().contains(bad), "{}", house.log());
    }
}

const BUSY: [&str; 6] = ["--rotate", "64K", "--keep", "128K", "--audit-interval", "200ms"];

#[test]
fn every_thread_keeps_only_what_its_work_needs() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("confined");
    let dir = house.path("kept").display().to_string();
    house.start(&[&["--dir", &dir], &BUSY[..]].concat());
    hold(&house, "0");
    works(&house, &dir);
    hold(&house, "0");
    assert!(house.log().contains("kept: "), "{}", house.log());
    assert_eq!(house.end(Signal::TERM).code(), Some(0), "{}", house.log());
    assert!(!house.path("socket").exists(), "it takes its socket with it");
}

#[test]
fn a_user_who_is_not_root_is_enough() {
    if !can_trace() || !rustix::process::geteuid().is_root() {
        return;
    }
    let mut house = House::empty("user");
    let dir = house.path("kept").display().to_string();
    house.start(&[&["--user", "65534:65534", "--dir", &dir], &BUSY[..]].concat());
    hold(&house, "65534");
    assert_eq!(fs::metadata(&dir).unwrap().uid(), 65534);
    assert_eq!(fs::metadata(house.path("socket")).unwrap().uid(), 65534);
    works(&house, &dir);
    hold(&house, "65534");
    assert_eq!(house.end(Signal::TERM).code(), Some(0), "{}", house.log());
}

#[test]
fn without_the_sandbox_it_says_so() {
    if !can_trace() {
        return;
    }
    let house = House::new("bare", &["--no-sandbox"]);
    assert_eq!(threads(house.pid())["server"]["Seccomp"], "0");
    assert!(house.log().contains("--no-sandbox"), "{}", house.log());
}

#[test]
fn doctor_names_what_is_kept() {
    if !can_trace() {
        return;
    }
    let doctor = |words: &[&str]| {
        let out = std::process::Command::new(TRACER).arg("doctor").args(words).output().unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let text = doctor(&[]);
    for word in ["The daemon keeps", "CAP_BPF", "seccomp", "Landlock"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    let json: serde_json::Value = serde_json::from_str(&doctor(&["--json"])).unwrap();
    assert!(json["daemon"]["CAP_BPF"].is_string(), "{json}");
}
