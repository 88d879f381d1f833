//! Rule 20: TODO tgid = leader's pid: ∀T in group: G(T)==P(L(T)), T.tgid==L(T).pid. Tolerate: window inside de_thread (two stores).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 20,
    id: "tgid-of-leader",
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
