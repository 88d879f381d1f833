//! Rule 61: TODO ns destroy: delayed_free_pidns(N) only after free_pid of N's last P *and* its put_pid (RCU), no child ns, no T with for(T)==N. Never for init_pid_ns. Tolerate: nsfs fd/procfs mount delaying arbitrarily; never destroyed before end of trace.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 61,
    id: "namespace-end",
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
