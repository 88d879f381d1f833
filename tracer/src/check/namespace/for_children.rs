//! Rule 37: TODO for(T): anc(act(T), for(T)); for(T)≠act(T) only after unshare(NEWPID)/setns by that very task; never inherited (a child's act *is* its nsproxy's pid_ns_for_children at birth). pidns_install, copy_pid_ns.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 37,
    id: "for-children",
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
