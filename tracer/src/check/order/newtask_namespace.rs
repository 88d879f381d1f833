//! Rule 44: TODO newtask consistency: at newtask P(T).level == for(caller).level as of copy (child's nsproxy): act(T)==for(T), i.e. numbers[level].ns == nsproxy(T).pid_ns_for_children. copy_process passes p->nsproxy. Strict (T cannot have run).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 44,
    id: "newtask-namespace",
    group: Group::Order,
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
