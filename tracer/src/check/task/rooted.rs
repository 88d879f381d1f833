//! Rule 25: TODO Acyclic, rooted: following rp from any T reaches init_task (swapper) in finitely many steps; only pid 1 and kthreadd have ppid 0 at level 0; inside N only its init and injected tasks have ppid 0 in N's numbering. copy_process, reaper rules.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 25,
    id: "rooted",
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
