//! Rule 51: TODO Delayed leader: release(leader) requires all other threads released first; exit(leader) may come any time earlier with group_dead=0. group_dead==1 on exactly one exit per group life (≥6.16) and it is the last *decrement*, not necessarily the last exit record. After non-leader exec the group continues; group_dead for it comes later. Tolerate: exit records of two threads reordered w.r.t. the decrement.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 51,
    id: "delayed-leader",
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
