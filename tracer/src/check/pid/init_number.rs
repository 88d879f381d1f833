//! Rule 10: TODO nr 1 ⇔ reaper identity: P.numbers[P.level].nr == 1 ⇔ P is the init pid of its deepest ns (is_child_reaper). Its leader task has SIGNAL_UNKILLABLE; N.child_reaper ∈ threads of that process from attach to end of zap. Tolerate: child_reaper = non-leader thread after leader exit or during its non-leader exec; NULL before attach; dangling after init freed; init_pid_ns.child_reaper == init_task before pid 1.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 10,
    id: "init-number",
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
