//! Rule 41: TODO Zombie has no children, no nsproxy, no tracees: ; exit_state≠0 ⇒ PF_EXITING. exit_notify. Tolerate: between exit event and exit_notify.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 41,
    id: "empty-zombie",
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
