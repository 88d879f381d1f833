//! Rule 35: TODO ns tree: N.level == N.parent.level+1; parent is live as long as N; user_ns(N) is user_ns(parent) or a descendant. create_pid_namespace.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 35,
    id: "namespace-tree",
    group: Group::Namespace,
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
