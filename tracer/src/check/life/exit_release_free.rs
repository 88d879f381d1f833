//! Rule 49: TODO Exit before release before free: sched_process_exit(T) < release(T) < sched_process_free(T); free_pid(P(T)) ≥ release(T) start. exit_notify/wait. Strict. Tolerate: recursive-oops tasks never released.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 49,
    id: "exit-release-free",
    group: Group::Life,
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
