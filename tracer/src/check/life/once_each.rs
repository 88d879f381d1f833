//! Rule 50: TODO One exit, one release, one free per T: ; no double release (EXIT_DEAD transition is cmpxchg / under TL). release_task call count < releases because of zap_leader.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 50,
    id: "once-each",
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
