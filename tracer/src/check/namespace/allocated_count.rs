//! Rule 33: TODO ns counting: pid_allocated(N) & ~PIDNS_ADDING == #{live P : P.level ≥ N.level ∧ P.numbers[N.level].ns == N}. alloc/free under PL. Read from the struct at audit; init_struct_pid not counted. Tolerate: in-flight; reserved-but-unpublished are not counted.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 33,
    id: "allocated-count",
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
