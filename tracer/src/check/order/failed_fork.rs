//! Rule 63: TODO copy_process failure: (fexit ERR): if alloc_pid succeeded in it, free_pid(P) occurs before return and T never appears. Strict.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 63,
    id: "failed-fork",
    group: Group::Order,
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
