//! Rule 4: TODO Number range at allocation: ∀i: 1 ≤ nr. nr < pid_max(ns_i) *sampled during alloc* (global ≤6.13, per ns ≥6.14). Tolerate: pid_max lowered/raised concurrently; older pids above a lowered pid_max; init_struct_pid nr 0. Detect with pid_max range seen over the alloc window.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 4,
    id: "number-range",
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
