//! Rule 60: TODO ns init death: exit(init, group_dead) < exits of remaining members; zap fentry < all their frees < zap fexit < release(init) < free_pid(init pid). At zap fexit pid_allocated ∈ {1,2}. Tolerate: long sleep because of outside zombie parent or outside pgrp user.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 60,
    id: "init-death",
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
