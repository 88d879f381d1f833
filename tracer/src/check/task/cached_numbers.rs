//! Rule 5: TODO Global cache: T attached ⇒ T.pid == P(T).numbers[0].nr and T.tgid == G(T).numbers[0].nr. copy_process; exchange_tids. Tolerate: reads racing inside exchange_tids (thread_pid swapped before ->pid); before attach (copied from parent); after release (P NULL).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 5,
    id: "cached-numbers",
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
