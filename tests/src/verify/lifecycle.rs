//! The life of every task in the stream: fork, then exec and the like, exit, release, and its
//! numbers are free; only then they may come again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// How far a task has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// It lives.
    Born,
    /// It has exited.
    Exited,
    /// It was reaped; its number may still be a group's or a session's.
    Released,
}

/// One task: its stage, and its number in its own namespace.
#[derive(Clone, Copy, Debug)]
struct Life {
    /// How far it has come.
    stage: Stage,
    /// Its own namespace and its number there.
    inner: Option<(u64, i64)>,
}

/// What is out of order. Where releases are only inferred (`weak`) a number may come again before
/// the release of its last owner was seen, but never before its exit.
pub(super) fn check(events: &[Value], weak: bool) -> Vec<String> {
    let mut differences = Vec::new();
    let mut lives: BTreeMap<i64, Life> = BTreeMap::new();
    let mut inner_taken: BTreeSet<(u64, i64)> = BTreeSet::new();
    // An exec by a non-leader swaps two tasks' numbers: scenarios say themselves what comes of it.
    let swapped: BTreeSet<i64> = events
        .iter()
        .filter_map(|event| Some([event["tid"].as_i64()?, event["old_tid"].as_i64()?]))
        .flatten()
        .collect();
    for event in events {
        let kind = event["type"].as_str().unwrap_or_default();
        let number = if kind == "free_pid" { &event["ns_pids"][0] } else { &event["tid"] };
        let Some(tid) = number.as_i64().filter(|tid| !swapped.contains(tid)) else { continue };
        let life = lives.get(&tid).copied();
        let stage = life.map(|life| life.stage);
        let mut wrong = |why: &str| differences.push(format!("{why}:\n  observed {event}"));
        match kind {
            "fork" if event.get("error").is_none() => {
                if stage.is_some_and(|stage| !weak || stage == Stage::Born) {
                    wrong("a number comes again before it was freed");
                }
                let inner = inner(event);
                if inner.is_some_and(|inner| !inner_taken.insert(inner)) && !weak {
                    wrong("a number comes again in its namespace before it was freed");
                }
                lives.insert(tid, Life { stage: Stage::Born, inner });
            }
            "exit" if stage == Some(Stage::Born) => advance(&mut lives, tid, Stage::Exited),
            "exit" if stage.is_some() => wrong("an exit of a task that has exited"),
            "exec" | "rename" if stage.is_some_and(|stage| stage != Stage::Born) => {
                wrong("a task that has exited does something");
            }
            "release" if stage == Some(Stage::Exited) => advance(&mut lives, tid, Stage::Released),
            "release" if stage.is_some() => wrong("a release of a task that has not just exited"),
            "free_pid" if stage == Some(Stage::Released) => {
                if let Some(inner) = lives.remove(&tid).and_then(|life| life.inner) {
                    inner_taken.remove(&inner);
                }
            }
            "free_pid" if stage.is_some() && !weak => wrong("a number is freed in use"),
            _ => {}
        }
    }
    differences
}

/// One step further.
fn advance(lives: &mut BTreeMap<i64, Life>, tid: i64, stage: Stage) {
    if let Some(life) = lives.get_mut(&tid) {
        life.stage = stage;
    }
}

/// A task's own namespace, if it is a nested one, and its number there.
fn inner(event: &Value) -> Option<(u64, i64)> {
    let numbers = event["ns_pids"].as_array().filter(|numbers| numbers.len() > 1)?;
    Some((event["ns"]["pid"].as_u64()?, numbers.last()?.as_i64()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// An event of a task.
    fn event(kind: &str, tid: i64) -> Value {
        json!({ "type": kind, "tid": tid, "ns_pids": [tid, 1], "ns": { "pid": 99 } })
    }

    /// How many things are wrong with a sequence of (type, tid).
    fn wrong(weak: bool, sequence: &[(&str, i64)]) -> usize {
        let events: Vec<_> = sequence.iter().map(|(kind, tid)| event(kind, *tid)).collect();
        check(&events, weak).len()
    }

    #[test]
    fn a_whole_life_and_the_same_number_again() {
        let life = [("fork", 7), ("exec", 7), ("exit", 7), ("release", 7), ("free_pid", 7)];
        assert_eq!(wrong(false, &[life, life].concat()), 0);
    }

    #[test]
    fn a_number_that_was_not_freed_does_not_come_again() {
        let life = [("fork", 7), ("exit", 7), ("release", 7), ("fork", 7)];
        assert_eq!(wrong(false, &life), 2, "neither outside nor inside");
        assert_eq!(wrong(true, &life), 0, "the weak plan does not see it freed");
        assert_eq!(wrong(true, &[("fork", 7), ("fork", 7)]), 1, "but it sees it exit");
    }

    #[test]
    fn the_inner_number_is_watched_for_itself() {
        assert_eq!(wrong(false, &[("fork", 7), ("fork", 8)]), 1);
    }

    #[test]
    fn a_task_does_nothing_after_its_exit() {
        assert_eq!(wrong(false, &[("fork", 7), ("exit", 7), ("exec", 7)]), 1);
        assert_eq!(wrong(false, &[("fork", 7), ("release", 7)]), 1);
        assert_eq!(wrong(false, &[("fork", 7), ("exit", 7), ("exit", 7)]), 1);
    }
}
