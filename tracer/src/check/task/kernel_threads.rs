//! Rule 39: TODO kthreads: PF_KTHREAD ∧ pid≠0 ⇒ act==init_pid_ns, PG=S=init_struct_pid (nr 0), rp==kthreadd (kthreadd: rp init_task), mm NULL. Tolerate: kthread_use_mm (mm≠NULL temporarily); 5.10 UMH/pid 1 before exec (PF_KTHREAD, rp kthreadd or kworker). Converse false: UMH user processes have ppid 2 or a kworker parent.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 39,
    id: "kernel-threads",
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
