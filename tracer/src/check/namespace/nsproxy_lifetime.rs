//! Rule 38: TODO nsproxy lifetime: T.nsproxy NULL ⇔ T passed exit_task_namespaces (PF_EXITING). kthreads = init_nsproxy unless changed by kernel code (devtmpfsd unshares mnt).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 38,
    id: "nsproxy-lifetime",
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
