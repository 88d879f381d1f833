//! Rule 30: TODO pgrp/session pid liveness: every PG(T), S(T) is a live P (or init_struct_pid) even when its owner is gone. attach lists keep it.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 30,
    id: "group-pid-alive",
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
