//! The namespace table against the links of `/proc/PID/ns`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::proc::{self, Facts};

/// Tasks of a namespace, by kind and inode number.
type Members = BTreeMap<(&'static str, u64), BTreeSet<i32>>;

/// How many namespaces were compared, and what differs. `hidden`: there must be a PID namespace
/// at level 1 that no link of `/proc` leads to.
pub(super) fn compare(
    rows: &[&Value],
    before: &BTreeMap<i32, Facts>,
    after: &BTreeMap<i32, Facts>,
    hidden: bool,
) -> (usize, Vec<String>) {
    let mut differences = Vec::new();
    let mut by_key: BTreeMap<(&str, u64), &Value> = BTreeMap::new();
    for row in rows {
        match row["kind"].as_str().zip(row["inum"].as_u64()) {
            Some(key) if by_key.insert(key, row).is_none() => {}
            _ => differences.push(format!("a namespace without a name, or twice: {row}")),
        }
    }
    let (first, last) = (members(before), members(after));
    let mut compared = 0;
    for (key, tasks) in &first {
        // Namespaces whose tasks come and go have no number to compare.
        if last.get(key) != Some(tasks) {
            continue;
        }
        compared += 1;
        let Some(row) = by_key.get(key) else {
            differences.push(format!("namespace {}:[{}] is missing", key.0, key.1));
            continue;
        };
        let mut expect = |what: &str, want: Value| {
            if row[what] != want {
                let have = &row[what];
                differences.push(format!("{what}: expected {want}, observed {have} in {row}"));
            }
        };
        if !is_ours(*key) {
            expect("tasks", tasks.len().into());
        }
        expect("fate", "alive".into());
        if key.0 == "pid" {
            let own = |facts: &&Facts| facts.ns.get("pid") == Some(&key.1);
            let inside: Vec<_> =
                tasks.iter().filter_map(|tid| before.get(tid)).filter(own).collect();
            if let Some(some) = inside.first() {
                expect("level", (some.ns_pid.len() - 1).into());
            }
            if let Some(init) = inside.iter().find(|facts| facts.ns_pid.last() == Some(&1)) {
                expect("init", init.ns_pid.clone().into());
            }
        }
    }
    let linked =
        |row: &Value| row["inum"].as_u64().is_some_and(|inode| first.contains_key(&("pid", inode)));
    let empty = |row: &&Value| row["kind"] == "pid" && row["level"] == 1 && !linked(row);
    if hidden && !rows.iter().any(empty) {
        differences.push("no PID namespace without a task, where unshare has made one".to_owned());
    }
    (compared, differences)
}

/// Whether this is a namespace of the verifier, which starts the very tasks that count.
fn is_ours((kind, inode): (&str, u64)) -> bool {
    proc::my_ns(kind).is_ok_and(|own| own == inode)
}

/// Who is in which namespace.
fn members(walk: &BTreeMap<i32, Facts>) -> Members {
    let mut members = Members::new();
    for (tid, facts) in walk {
        for (kind, inode) in &facts.ns {
            if !kind.ends_with("_for_children") {
                members.entry((kind, *inode)).or_default().insert(*tid);
            }
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Two tasks in a nested namespace: its init and a member.
    fn walk() -> BTreeMap<i32, Facts> {
        let facts = |tid: i32, inner: i32| Facts {
            pid: tid,
            tid,
            ns_pid: vec![tid, inner],
            ns: [("pid", 5)].into(),
            ..Facts::default()
        };
        [(7, facts(7, 1)), (8, facts(8, 2))].into()
    }

    #[test]
    fn a_row_is_compared_with_its_members() {
        let row = json!({
            "kind": "pid", "inum": 5, "tasks": 2, "fate": "alive", "level": 1, "init": [7, 1],
        });
        assert_eq!(compare(&[&row], &walk(), &walk(), false), (1, vec![]));
        for (key, value) in [
            ("tasks", json!(1)),
            ("fate", json!("dying")),
            ("level", json!(2)),
            ("init", json!([8, 2])),
        ] {
            let mut row = row.clone();
            row[key] = value;
            assert_eq!(compare(&[&row], &walk(), &walk(), false).1.len(), 1, "{key}");
        }
    }

    #[test]
    fn a_missing_namespace_is_a_difference() {
        assert_eq!(compare(&[], &walk(), &walk(), false).1.len(), 1);
    }

    #[test]
    fn a_namespace_without_tasks_must_be_found_where_there_is_one() {
        let row = json!({ "kind": "pid", "inum": 6, "tasks": 0, "level": 1 });
        let none = BTreeMap::new();
        assert_eq!(compare(&[&row], &none, &none, true).1.len(), 0);
        assert_eq!(compare(&[], &none, &none, true).1.len(), 1);
    }
}
