//! Rule 45: TODO CLONE_NEWPID: flag set ⇒ new ns never seen before, level = act(caller)+1, nr 1, child is its init; and for(caller) unchanged. Without it act(T)==for(caller). Strict: a task's nsproxy is switched only by itself.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 45,
    id: "newpid-flag",
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
