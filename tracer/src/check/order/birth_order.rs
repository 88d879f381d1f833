//! Rule 43: TODO Birth order: alloc_pid(ok,P) < task_newtask(T,P) < sched_process_fork(T) (if any) < any event with current==T. Same thread of control + wake_up_new_task. Strict. Tolerate: events *about* T by others (setpgid, ptrace, signal, snapshot record, reparent) between attach and newtask; alloc before hooks attached.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 43,
    id: "birth-order",
    group: Group::Order,
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
