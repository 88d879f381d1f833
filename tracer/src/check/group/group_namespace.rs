//! Rule 32: TODO Pgrp ns (soft): normally anc(ns(PG(T)), act(T)); an ancestor-ns parent may setpgid a shallow child into a deeper member's group (live-confirmed) ⇒ warn only.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 32,
    id: "group-namespace",
    group: Group::Group,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "TODO",
    source: "TODO",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "TODO",
    near_miss: "TODO",
};
