//! Rule 12: TODO last_pid rule: /proc/sys/kernel/ns_last_pid (CONFIG_CHECKPOINT_RESTORE) and last field of /proc/loadavg = cursor−1 of the *reader's active ns*; ≥ last allocated nr modulo 11's exceptions. Soft.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 12,
    id: "last-pid",
    group: Group::Pid,
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
