//! Rule 2: TODO Level of upid ns: ∀i: P.numbers[i].ns.level == i. alloc_pid loop follows tmp->parent. Tolerate: none (ns structs pinned by P's own reference chain).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 2,
    id: "upid-level",
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
