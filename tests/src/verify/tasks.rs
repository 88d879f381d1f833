//! The task table against two walks of `/proc`, one before and one after.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::pattern::misfits;
use crate::proc::Facts;

/// How many tasks were compared, and what differs. Only tasks that are the same in both walks are
/// compared; `uptime` is a time before the first of them.
pub(super) fn compare(
    rows: &[&Value],
    before: &BTreeMap<i32, Facts>,
    after: &BTreeMap<i32, Facts>,
    uptime: u64,
) -> (usize, Vec<String>) {
    let mut differences = Vec::new();
    let mut by_tid: BTreeMap<i64, &Value> = BTreeMap::new();
    for row in rows {
        match row["tid"].as_i64() {
            Some(tid) if by_tid.insert(tid, row).is_none() => {}
            _ => differences.push(format!("a task without a number, or twice:\n  observed {row}")),
        }
    }
    let mut compared = 0;
    for (tid, facts) in before {
        if !after.get(tid).is_some_and(|later| still(facts) == still(later)) || facts.state == 'X' {
            continue;
        }
        compared += 1;
        match by_tid.get(&i64::from(*tid)) {
            None => differences.push(format!("task {tid} is missing: /proc has {facts:?}")),
            Some(row) => differences.extend(task(row, facts)),
        }
    }
    for (tid, row) in by_tid {
        let tid = tid as i32;
        let old = row["start_ns"].as_u64().is_some_and(|start| start + 20_000_000 < uptime);
        if old && !before.contains_key(&tid) && !after.contains_key(&tid) {
            differences.push(format!("a task that /proc does not have:\n  observed {row}"));
        }
    }
    (compared, differences)
}

/// A task without what changes all the time: whether it runs or sleeps, and on what it works.
fn still(facts: &Facts) -> Facts {
    let state = if matches!(facts.state, 'Z' | 'X') { facts.state } else { 'R' };
    let comm = if facts.kernel { own_comm(facts).to_owned() } else { facts.comm.clone() };
    Facts { comm, state, ..facts.clone() }
}

/// The comm in the task itself: `/proc` adds the work of a kworker behind a `-` or `+`.
fn own_comm(facts: &Facts) -> &str {
    let comm = facts.comm.as_str();
    if comm.starts_with("kworker/") {
        return comm.split(['-', '+']).next().unwrap_or(comm);
    }
    comm
}

/// What differs in one row.
fn task(row: &Value, facts: &Facts) -> Option<String> {
    let state = if facts.state == 'Z' { "zombie" } else { "running" };
    let mut want = json!({
        "pid": facts.pid, "tid": facts.tid, "ns_pids": facts.ns_pid, "state": state,
        "uid": facts.uid, "gid": facts.gid, "start_ticks": facts.start_ticks, "ns": facts.ns,
    });
    let mut absent = Vec::new();
    // 0 is nobody, or the one that the kernel began with.
    for (key, number) in [
        ("ppid", facts.ppid),
        ("tracer", facts.tracer),
        ("pgid", facts.ns_pgid.first().copied().unwrap_or(0)),
        ("sid", facts.ns_sid.first().copied().unwrap_or(0)),
    ] {
        if number != 0 {
            want[key] = json!(number);
        } else if row.get(key).is_some_and(|value| *value != 0) {
            absent.push(key);
        }
    }
    for (key, holds) in [("kernel", facts.kernel), ("thread", facts.tid != facts.pid)] {
        if holds {
            want[key] = json!(true);
        } else if row.get(key).is_some_and(|value| *value != false) {
            absent.push(key);
        }
    }
    want["absent"] = json!(absent);
    // A kernel thread's comm may be longer in /proc than the task has room for.
    let comm = row["comm"].as_str().unwrap_or_default();
    let same = if facts.kernel { facts.comm.starts_with(comm) } else { facts.comm == comm };
    if !same || comm.is_empty() != facts.comm.is_empty() {
        want["comm"] = json!(facts.comm);
    }
    let misfits = misfits(row, &want);
    if misfits.is_empty() {
        return None;
    }
    Some(format!("task {}: {}\n  observed {row}", facts.tid, misfits.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task in a nested namespace.
    fn facts() -> Facts {
        Facts {
            pid: 7,
            tid: 7,
            comm: "a".into(),
            state: 'S',
            ppid: 1,
            ns_pid: vec![7, 2],
            ns_pgid: vec![7, 2],
            ns_sid: vec![1, 0],
            start_ticks: 3,
            ns: [("pid", 99)].into(),
            ..Facts::default()
        }
    }

    /// Its row, as it should be.
    fn row() -> Value {
        json!({
            "type": "task", "pid": 7, "tid": 7, "ns_pids": [7, 2], "ppid": 1, "pgid": 7, "sid": 1,
            "comm": "a", "state": "running", "uid": 0, "gid": 0, "start_ns": 31_000_000,
            "ns": { "pid": 99 },
        })
    }

    /// How many differences there are between a row and the task.
    fn count(row: &Value, facts: &Facts) -> usize {
        let walk: BTreeMap<_, _> = [(facts.tid, facts.clone())].into();
        compare(&[row], &walk, &walk, 0).1.len()
    }

    #[test]
    fn a_row_that_is_right_is_no_difference() {
        assert_eq!(count(&row(), &facts()), 0);
    }

    #[test]
    fn every_field_is_compared() {
        let wrong = [
            ("pid", json!(8)),
            ("ns_pids", json!([7])),
            ("ppid", json!(2)),
            ("pgid", json!(2)),
            ("sid", json!(7)),
            ("comm", json!("b")),
            ("state", json!("zombie")),
            ("uid", json!(1)),
            ("start_ns", json!(41_000_000)),
            ("ns", json!({ "pid": 98 })),
            ("kernel", json!(true)),
            ("thread", json!(true)),
            ("tracer", json!(5)),
        ];
        for (key, value) in wrong {
            let mut row = row();
            row[key] = value;
            assert_eq!(count(&row, &facts()), 1, "{key}");
        }
    }

    #[test]
    fn a_task_that_changes_is_not_compared() {
        let (before, mut later) = (facts(), facts());
        later.comm = "c".into();
        let walks = [[(7, before)].into(), [(7, later)].into()];
        assert_eq!(compare(&[], &walks[0], &walks[1], 0), (0, vec![]));
    }

    #[test]
    fn missing_and_imagined_tasks_are_differences() {
        let walk: BTreeMap<_, _> = [(7, facts())].into();
        assert_eq!(compare(&[], &walk, &walk, 0).1.len(), 1);
        let none = BTreeMap::new();
        assert_eq!(compare(&[&row()], &none, &none, 90_000_000).1.len(), 1);
        assert_eq!(compare(&[&row()], &none, &none, 0).1.len(), 0, "it may be newer than the walk");
    }
}
