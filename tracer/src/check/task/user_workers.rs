//! Rule 40: TODO User workers: PF_IO_WORKER/PF_USER_WORKER tasks are never leaders, share tgid/mm of a user process, are not PF_KTHREAD.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 40,
    id: "user-workers",
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
