//! Rule 52: TODO No own activity after exit: after sched_process_exit(T) no newtask by T, no exec, no setsid/setpgid/setns by T. Allowed after it with current==T: release_task/free_pid of itself or of orphans, ptrace unlink, zap (whole teardown), proc connector, task_work. task_rename *of* T by a sibling allowed.

use crate::check::{Group, Rule, Scope, Severity};

/// TODO
pub(in crate::check) static RULE: Rule = Rule {
    number: 52,
    id: "silent-after-exit",
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
