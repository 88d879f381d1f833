//! Rule 13: TODO RESERVED_PIDS: after the first wrap of N no cyclic allocation yields nr < 300; before it nr grows from 1. Tolerate: cursor forced ≤300 by ns_last_pid.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 13,
    id: "reserved-numbers",
    group: Group::Pid,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
