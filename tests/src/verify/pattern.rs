//! Partial events, and whether an event is like one.

use serde_json::{Map, Value};

/// Whether `event` has all that `pattern` names.
pub(super) fn matches(event: &Value, pattern: &Value) -> bool {
    pattern.as_object().is_some_and(|fields| {
        fields.iter().all(|(key, want)| field_matches(event, key, want, true))
    })
}

/// As `matches`, but a field that the event does not have says nothing against it. What a plan
/// has inferred is never sure of who did it.
pub(super) fn matches_if_known(event: &Value, pattern: &Value) -> bool {
    let inferred = event["inferred"] == true;
    pattern.as_object().is_none_or(|fields| {
        fields
            .iter()
            .all(|(key, want)| (inferred && key == "by") || field_matches(event, key, want, false))
    })
}

/// One field.
fn field_matches(event: &Value, key: &str, want: &Value, required: bool) -> bool {
    match key {
        "absent" => {
            return list(want).iter().all(|name| {
                name.as_str().is_some_and(|name| event.get(name).is_none_or(Value::is_null))
            });
        }
        "start_ticks" => {
            let ticks = event["start_ns"].as_u64().map(|ns| ns / 10_000_000);
            return ticks == want.as_u64() || (ticks.is_none() && !required);
        }
        _ => {}
    }
    let Some(have) = event.get(key).filter(|have| !have.is_null()) else { return !required };
    match key {
        "flags" => {
            list(have).len() == list(want).len()
                && list(want).iter().all(|flag| list(have).contains(flag))
        }
        // /proc shows a group's or a session's number for the levels of the task that is in it,
        // and 0 where it has none; an event shows those that it has.
        "ns_pgids" | "ns_sids" => {
            let want = list(want);
            let length = want.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
            list(have).get(..length) == want.get(..length)
        }
        _ => value_matches(have, want),
    }
}

/// Objects by the fields that are wanted, everything else exactly.
fn value_matches(have: &Value, want: &Value) -> bool {
    match (have, want) {
        (Value::Object(have), Value::Object(want)) => contains(have, want),
        _ => have == want,
    }
}

/// Whether all fields of `want` are in `have`.
fn contains(have: &Map<String, Value>, want: &Map<String, Value>) -> bool {
    want.iter().all(|(key, want)| have.get(key).is_some_and(|have| value_matches(have, want)))
}

/// An array, or nothing.
fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Which fields of `pattern` an event does not have: what a reader of a failure looks for first.
pub(super) fn misfits(event: &Value, pattern: &Value) -> Vec<String> {
    let fields = pattern.as_object().into_iter().flatten();
    let wrong = fields.filter(|(key, want)| !field_matches(event, key, want, true));
    wrong.map(|(key, want)| format!("{key}: expected {want}, observed {}", event[key])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn flags_are_a_set() {
        let event = json!({ "flags": ["CLONE_VM", "CLONE_VFORK"] });
        assert!(matches(&event, &json!({ "flags": ["CLONE_VFORK", "CLONE_VM"] })));
        assert!(!matches(&event, &json!({ "flags": ["CLONE_VM"] })));
    }

    #[test]
    fn objects_may_have_more_fields() {
        let event = json!({ "ns": { "pid": 7, "mnt": 8 } });
        assert!(matches(&event, &json!({ "ns": { "pid": 7 } })));
        assert!(!matches(&event, &json!({ "ns": { "pid": 8 } })));
        assert!(!matches(&event, &json!({ "ns": { "net": 8 } })));
    }

    #[test]
    fn a_group_is_compared_where_proc_shows_it() {
        let event = json!({ "ns_pgids": [10, 3] });
        assert!(matches(&event, &json!({ "ns_pgids": [10] })));
        assert!(matches(&json!({ "ns_pgids": [10] }), &json!({ "ns_pgids": [10, 0] })));
        assert!(!matches(&event, &json!({ "ns_pgids": [10, 4] })));
    }

    #[test]
    fn absent_means_unknown_and_never_zero() {
        assert!(matches(&json!({}), &json!({ "absent": ["exit_code"] })));
        assert!(!matches(&json!({ "exit_code": 0 }), &json!({ "absent": ["exit_code"] })));
    }

    #[test]
    fn what_is_unknown_is_not_wrong_but_what_is_wrong_is() {
        assert!(matches_if_known(&json!({}), &json!({ "by": 5 })));
        assert!(!matches_if_known(&json!({ "by": 6 }), &json!({ "by": 5 })));
        assert!(matches_if_known(&json!({ "by": 6, "inferred": true }), &json!({ "by": 5 })));
    }

    #[test]
    fn starts_are_compared_in_ticks() {
        let event = json!({ "start_ns": 123_456_789_u64 });
        assert!(matches(&event, &json!({ "start_ticks": 12 })));
        assert!(!matches(&event, &json!({ "start_ticks": 13 })));
    }
}
