//! Rule 8: TODO Lists empty at free: at fentry free_pid tasks[0..3] all empty (≤6.14 and ≥6.15). __change_pid. Tolerate: none when read in the hook.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 8,
    id: "unused-at-free",
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
