//! Rule 3: TODO Parent chain: ∀i≥1: numbers[i].ns.parent == numbers[i−1].ns; numbers[0].ns == &init_pid_ns, inum 0xEFFFFFFC. Same source.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 3,
    id: "parent-chain",
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
