//! Rule 26: TODO Orphan rule: after rp exit, new rp ∈ candidates of 2.8 in order. Detect: compute from tables when next state of child is read. Tolerate: subreaper flag changes in flight; thread-level choice ambiguous (any live thread of that process; kernel takes the first in thread list) ⇒ compare tgids.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 26,
    id: "orphan-rule",
    group: Group::Task,
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
