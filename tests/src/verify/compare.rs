//! Events against truth: each truth has its event, each event its truth.

use serde_json::{Value, json};

use super::lifecycle;
use super::pattern::{matches, matches_if_known, misfits};
use super::tool::Run;

/// Events of these types must be explained: one too many is as wrong as one too few.
const COMPLETE: [&str; 8] =
    ["fork", "exec", "exit", "release", "pgid", "sid", "ptrace", "reparent"];

/// What no tracepoint tells (the instant of some things, and what leaves no task behind), with the
/// name of the fact in the header's `coverage`: null where no hook tells it either. All other
/// types must be seen, or inferred, under every plan.
const BY_HOOK_ONLY: [(&str, &str); 5] = [
    ("alloc_pid", "alloc_pid"),
    ("release", "release"),
    ("free_pid", "free_pid"),
    ("failed fork", "fork_fail"),
    ("ns_destroy", "ns_destroy"),
];

/// All differences.
pub(super) fn compare(run: &Run) -> Vec<String> {
    let mut differences = run.trouble.clone();
    differences.extend(frame(run));
    if !run.truth.iter().any(|line| line["done"] == true) {
        differences.push("the scenario did not finish: its truth has no last line".to_owned());
    }
    let coverage = run.lines.first().map_or(&Value::Null, |header| &header["coverage"]);
    let unseen = |class: &str| {
        let fact = BY_HOOK_ONLY.iter().find(|(name, _)| *name == class);
        fact.is_some_and(|(_, fact)| coverage[fact].is_null())
    };
    let mut used = vec![false; run.events.len()];
    let mut sees: Vec<&Value> = run.truth.iter().filter(|line| line.get("see").is_some()).collect();
    // The most exact first: a vague one takes any of several.
    sees.sort_by_key(|line| {
        std::cmp::Reverse(line["see"].as_object().map_or(0, serde_json::Map::len))
    });
    for line in sees {
        let (see, known) = (&line["see"], &line["if_known"]);
        let fits = |event: &Value| matches(event, see) && matches_if_known(event, known);
        let found = (0..used.len()).find(|&at| !used[at] && fits(&run.events[at]));
        match found {
            Some(at) => used[at] = true,
            None if unseen(class(see)) => {}
            None => differences.push(missing(see, known, &run.events)),
        }
    }
    for line in run.truth.iter().filter(|line| line.get("maybe").is_some()) {
        let fits = |at: &usize| !used[*at] && matches(&run.events[*at], &line["maybe"]);
        if let Some(at) = (0..used.len()).find(fits) {
            used[at] = true;
        }
    }
    let root = run.truth.iter().find_map(|line| line["root"]["pid"].as_i64());
    for (event, used) in run.events.iter().zip(&used) {
        let kind = event["type"].as_str().unwrap_or_default();
        // Before its exec and after its exit, the scenario's own process is the tracer's affair.
        let is_root = event["tid"].as_i64() == root && kind != "exec" && kind != "exit";
        if !used && !is_root && COMPLETE.contains(&kind) {
            differences.push(format!("nothing explains this event:\n  observed {event}"));
        }
    }
    for line in &run.truth {
        let never = run.events.iter().find(|event| matches(event, &line["never"]));
        if let Some(event) = never {
            differences.push(format!("never: {}\n  observed {event}", line["never"]));
        }
        differences.extend(line["order"].as_array().and_then(|list| disorder(list, &run.events)));
    }
    differences.extend(lifecycle::check(&run.events, unseen("free_pid")));
    differences
}

/// The type of an event, failed forks apart.
fn class(event: &Value) -> &str {
    if event.get("error").is_some() && event["type"] == "fork" {
        return "failed fork";
    }
    event["type"].as_str().unwrap_or_default()
}

/// Header and summary.
fn frame(run: &Run) -> Vec<String> {
    let mut differences = Vec::new();
    let mut expect = |what: &str, want: Value, have: &Value| {
        if want != *have {
            differences.push(format!("{what}: expected {want}, observed {have}"));
        }
    };
    let none = Value::Null;
    let (first, last) = (run.lines.first().unwrap_or(&none), run.lines.last().unwrap_or(&none));
    expect("type of the first line", json!("header"), &first["type"]);
    expect("schema", json!(1), &first["schema"]);
    expect("type of the last line", json!("summary"), &last["type"]);
    expect("exit_code in the summary", json!(0), &last["exit_code"]);
    expect("lost in the summary", json!(0), &last["lost"]);
    expect("events in the summary", json!(run.events.len()), &last["events"]);
    let failed = run.events.iter().filter(|event| class(event) == "failed fork").count();
    expect("failed_forks in the summary", json!(failed), &last["failed_forks"]);
    for event in run.events.iter().filter(|event| event["type"] == "lost") {
        expect("loss", none.clone(), event);
    }
    differences
}

/// A truth without its event, with those that come next to it.
fn missing(see: &Value, known: &Value, events: &[Value]) -> String {
    let mut text = format!("no event is like this:\n  expected {see}");
    if known.as_object().is_some_and(|known| !known.is_empty()) {
        text = format!("{text} and, where known, {known}");
    }
    let number = |event: &Value| event.get("tid").or(event.get("ns_pids")).cloned();
    let mut near: Vec<_> = events
        .iter()
        .filter(|event| class(event) == class(see))
        .map(|event| (number(event) != number(see), misfits(event, see), event))
        .collect();
    near.sort_by_key(|(other, misfits, _)| (*other, misfits.len()));
    for (_, misfits, event) in near.iter().take(2) {
        text = format!("{text}\n  observed {event}\n    where {}", misfits.join("; "));
    }
    text
}

/// The first pair of events that are not in order. Events that nobody saw have none.
fn disorder(list: &[Value], events: &[Value]) -> Option<String> {
    let mut last: Option<(usize, &Value)> = None;
    for pattern in list {
        let Some(at) = events.iter().position(|event| matches(event, pattern)) else { continue };
        // What is only inferred may come late.
        if events[at]["inferred"] == true {
            continue;
        }
        if let Some((before, earlier)) = last
            && before > at
        {
            return Some(format!(
                "order: expected {earlier} before {pattern}\n  observed {}\n  observed {}",
                events[at], events[before]
            ));
        }
        last = Some((at, pattern));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run under a plan, with a frame that is right.
    fn run(coverage: &Value, events: &[Value], truth: &[Value]) -> Run {
        let mut lines = vec![json!({ "type": "header", "schema": 1, "coverage": coverage })];
        lines.extend_from_slice(events);
        let failed = events.iter().filter(|event| class(event) == "failed fork").count();
        lines.push(json!({
            "type": "summary", "events": events.len(), "lost": 0, "exit_code": 0,
            "failed_forks": failed,
        }));
        let mut truth = truth.to_vec();
        truth.push(json!({ "done": true }));
        Run { lines, events: events.to_vec(), truth, trouble: Vec::new() }
    }

    /// The differences, as one text.
    fn differences(events: &[Value], truth: &[Value]) -> String {
        compare(&run(&json!({}), events, truth)).join("\n")
    }

    #[test]
    fn a_truth_without_an_event_is_a_difference() {
        let truth = json!({ "see": { "type": "exit", "tid": 7, "exit_code": 3 } });
        assert!(differences(&[], &[truth]).contains("no event is like this"));
    }

    #[test]
    fn a_release_may_be_missed_only_where_no_hook_tells_it() {
        let release = [json!({ "see": { "type": "release", "tid": 7 } })];
        let seen = json!({ "release": "fentry/cgroup_release" });
        assert_eq!(compare(&run(&json!({ "release": null }), &[], &release)), [""; 0]);
        assert_eq!(compare(&run(&seen, &[], &release)).len(), 1);
    }

    #[test]
    fn an_event_without_a_truth_is_a_difference() {
        let event = json!({ "type": "fork", "tid": 8, "ns_pids": [8] });
        assert!(differences(&[event], &[]).contains("nothing explains"));
    }

    #[test]
    fn one_event_explains_one_truth_only() {
        let event = json!({ "type": "exec", "tid": 8 });
        let truth = json!({ "see": { "type": "exec", "tid": 8 } });
        assert_ne!(differences(&[event], &[truth.clone(), truth]), "");
    }

    #[test]
    fn events_out_of_order_are_a_difference() {
        let exit = |tid: i32| json!({ "type": "exit", "tid": tid });
        let truth = json!({ "order": [exit(1), exit(2)] });
        let see = |tid: i32| json!({ "see": exit(tid) });
        let truths = [truth, see(1), see(2)];
        assert_eq!(differences(&[exit(1), exit(2)], &truths), "");
        assert!(differences(&[exit(2), exit(1)], &truths).contains("order"));
    }

    #[test]
    fn a_loss_is_a_difference() {
        let lost = json!({ "type": "lost", "count": 3, "cpu": 0 });
        assert!(differences(&[lost], &[]).contains("loss"));
    }

    #[test]
    fn a_scenario_that_did_not_finish_is_a_difference() {
        let mut run = run(&json!({}), &[], &[]);
        run.truth.clear();
        assert!(compare(&run).join("").contains("did not finish"));
    }
}
