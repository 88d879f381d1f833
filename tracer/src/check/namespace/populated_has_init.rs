//! Rule 36: TODO ns populated ⇒ has init: any live P whose level ≥ N.level in N≠init ⇒ N's nr-1 P live. zap waits. Tolerate: 7.1.x injection bug (fixed 7.2); oops'ed init.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 36,
    id: "populated-has-init",
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
