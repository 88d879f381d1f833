//! Rule 24: TODO Parent alive or reaper: rp(T) is an unreleased, not-yet-exit_notified task; at quiescence no live T has a dead rp. forget_original_parent. Tolerate: between rp's sched_process_exit and its exit_notify.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 24,
    id: "parent-alive",
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
