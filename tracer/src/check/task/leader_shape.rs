//! Rule 19: TODO Leader: L(T) exists; L(L(T))==L(T); T leader ⇔ T.exit_signal ≥ 0 ⇔ T==L(T) ⇔ P(T)==G(T). copy_process, de_thread. Tolerate: L of *released* tasks stale.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 19,
    id: "leader-shape",
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
