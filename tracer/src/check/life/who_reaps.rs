//! Rule 54: TODO Who may release T: current ∈ {T itself (autoreap), rp(T) or par(T) process (wait), dying former parent/tracer (dead list), de_thread executor, last thread of T's group (zap_leader)}.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 54,
    id: "who-reaps",
    group: Group::Life,
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
