//! Rule 58: TODO setsid: success ⇒ caller's leader was not session leader and no pgrp with its pid existed; after: 29 holds. setpgid: p not session leader, p not exec'd if child, group in same session.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 58,
    id: "setsid-setpgid",
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
