//! Rule 6: TODO Uniqueness: at most one live P per (N,nr). idr. Strict: alloc(fexit) of (N,nr) while another P holding it has no free record ⇒ violation — free is recorded at fentry, before idr_remove, so ring order is decisive. tp: forbid only two *unexited or unreaped-certain* holders; reuse after sched_process_exit(T_old) but before sched_process_free(T_old) is normal (live: 4×).

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 6,
    id: "unique-number",
    group: Group::Pid,
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
