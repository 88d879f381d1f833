//! Rule 48: TODO No fork into a dead ns: no *attach* after zap's disable_pid_allocation took effect in act(T). copy_process rechecks under TL. Tolerate: task_newtask record arriving after zap fentry / after init's exit record (attached before, event later) — T must then exit before zap fexit. Descendant ns may still grow ≤7.1.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 48,
    id: "no-fork-into-dead",
    group: Group::Namespace,
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
