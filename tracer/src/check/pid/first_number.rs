//! Rule 9: TODO First number: the first P ever published with deepest-or-intermediate ns N (N≠init) has nr 1 at N's level *and* N as deepest ns. cursor 0/min 1; ≤7.0 set_tid check; ≥7.1 explicit. Tolerate: snapshot start; ≤7.0 ns whose first fork failed is dead (nothing follows); ≥7.1 first fork may fail and nr 1 is allocated again.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 9,
    id: "first-number",
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
