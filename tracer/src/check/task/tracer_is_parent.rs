//! Rule 27: TODO parent vs real_parent: par(T)≠rp(T) ⇒ T.ptrace≠0 and par(T) is the tracer; T.ptrace==0 ⇒ par==rp. __ptrace_link/unlink, BUG_ON in forget_original_parent. Tolerate: tracer being rp itself (par==rp with ptrace≠0), or another thread of the rp process.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 27,
    id: "tracer-is-parent",
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
