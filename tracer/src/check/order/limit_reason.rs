//! Rule 64: TODO Cgroup/limits negative: EAGAIN alloc (pid space) implies N had no free nr in range; soft diagnostic.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 64,
    id: "limit-reason",
    group: Group::Order,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
