//! Rule 21: TODO Leader outlives threads: while any thread of group is unreleased, the leader's task is unreleased (maybe zombie). wait_consider_task/exit_notify/release_task (delay_group_leader). Tolerate: replacement by de_thread (old leader released after swap, when it is a thread).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 21,
    id: "leader-outlives-threads",
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
