//! Rule 59: TODO Reuse only after free: (N,nr) reassigned ⇒ previous holder's free_pid record precedes (strict), or at least its holder's last reference task exited (tp). See 6.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 59,
    id: "reuse-after-free",
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
