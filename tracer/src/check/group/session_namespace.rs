//! Rule 31: TODO Session ns: anc(ns(S(T)), act(T)). setsid only own pid + fork goes down. Strict.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 31,
    id: "session-namespace",
    group: Group::Group,
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
