//! Rule 15: TODO Visibility: pid_nr_ns(P,N) ≠ 0 ⇔ N ∈ {numbers[i].ns}; value is numbers[N.level].nr. pid_nr_ns. Userspace tables must return 0 (not 'unknown') for non-members. Compare with NSpid lines and NS_GET_PID_IN_PIDNS.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 15,
    id: "visibility",
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
