//! Rule 17: TODO ino monotone: (64-bit): 6.9–6.19 ino strictly increases in publish order, ≥7.0 only unique; never 0 for a returned P (0 possible in others' reads ≥7.0).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 17,
    id: "ino-order",
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
