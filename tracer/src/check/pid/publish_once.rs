//! Rule 7: TODO Publish once / free once: each P has exactly one publish and at most one free; no free without publish. free_pid called only when all four lists are empty or fork error. Tolerate: pre-attach P (free only); ≥7.0 alloc_pid internal failure (free_pid seen between fentry and a failing fexit of alloc_pid, P never returned).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 7,
    id: "publish-once",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
