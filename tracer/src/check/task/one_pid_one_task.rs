//! Rule 18: TODO Task↔pid bijection: each unreleased T has exactly one live P in PID role; P has ≤1 PID-role task. exchange_tids keeps it. Tolerate: ≤5.7 during de_thread both leaders share P; ≥6.15 released T with P not yet freed.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 18,
    id: "one-pid-one-task",
    group: Group::Task,
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
