//! Rule 22: TODO Same namespace in group: all threads have equal act(T) and equal rp; nsproxy, for(T) and cred may differ per thread. CLONE_THREAD check; forget_original_parent loops for_each_thread.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 22,
    id: "threads-together",
    group: Group::Task,
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
