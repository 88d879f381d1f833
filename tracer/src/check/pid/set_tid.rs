//! Rule 14: clone3 with set_tid gives the numbers that it asks for.

use crate::check::{Group, Need, Rule, Scope, Severity};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 14,
    id: "set-tid",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A task made by clone3 with set_tid has the numbers asked for, the last one first.",
    source: "alloc_pid (kernel/pid.c)",
    needs: &[Need::Unread("no hook reads the set_tid array of clone3")],
    weaker: None,
    exceptions: &[],
    trips: "A task asked for number 7 in its namespace and has 8.",
    near_miss: "A set_tid shorter than the level leaves the outer numbers to the kernel.",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Verdict, tests::script::Script};

    #[test]
    fn what_no_hook_reads_is_uncovered() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let report = script.report();
            assert_eq!(report.row(&RULE).map(|row| row.verdict), Some(Verdict::Uncovered));
        }
    }
}
