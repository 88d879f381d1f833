//! Rule 14: TODO set_tid honoured: successful clone3 with set_tid[k] ⇒ numbers[level−k].nr == set_tid[k]. (needs args hook)

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 14,
    id: "set-tid",
    group: Group::Pid,
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
