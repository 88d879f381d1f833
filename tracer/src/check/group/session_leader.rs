//! Rule 29: TODO Session leader shape: signal->leader ⇒ S==PG==P(leader). setsid; setpgid refuses leaders. Tolerate: mid-setsid.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 29,
    id: "session-leader",
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
