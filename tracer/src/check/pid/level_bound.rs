//! Rule 1: TODO Level bound: 0 ≤ P.level ≤ 32 and exactly level+1 upids are meaningful. alloc_pid, create_pid_namespace (MAX_PID_NS_LEVEL). Tolerate: none. Detect: reject record.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 1,
    id: "level-bound",
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
