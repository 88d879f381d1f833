//! Rule 28: TODO Session containment: ∀ members of one pgrp: same S. setsid/setpgid checks; fork copies both under TL. Tolerate: reading PG and S of one task non-atomically around setsid (SID changed first, then PGID); init_struct_pid group (kthreads, early init).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 28,
    id: "session-of-group",
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
