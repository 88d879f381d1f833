//! Rule 62: TODO setns/unshare: only for(current) changes, target is act or descendant; unshare(NEWPID): new ns level act+1, current's own upids unchanged, second unshare without fork fails EINVAL.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 62,
    id: "setns-unshare",
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
