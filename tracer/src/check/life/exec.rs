//! Rule 56: TODO Exec: sched_process_exec(T): tgid unchanged, P(T)==G(T) after, group size 1 (plus possibly new io workers), self_exec_id+1, act/for/PG/S unchanged (for's time part may change). old_pid≠pid ⇒ before it exit(old leader) and after it release of old leader carrying old_pid. ≥5.8 P objects: T now holds old leader's P; old leader's task holds T's former P, freed in release. ≤5.7: T's former P freed at exec.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 56,
    id: "exec",
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
