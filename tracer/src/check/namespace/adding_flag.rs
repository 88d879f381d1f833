//! Rule 34: TODO PIDNS_ADDING: set ⇔ N accepts pids: set from creation; cleared by zap (or ≤7.0 first-fork failure), never set again.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 34,
    id: "adding-flag",
    group: Group::Namespace,
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
