//! Rule 11: numbers are given out in ascending order, round and round.

use super::cursor::Step;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 11,
    id: "cyclic-order",
    group: Group::Pid,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "A number lies behind the one given out before it in its namespace only if the numbers have run out, or by as much as forks overtake each other.",
    source: "idr_alloc_cyclic in alloc_pid (kernel/pid.c, lib/idr.c)",
    needs: &[Need::Fact(Fact::AllocPid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same of the numbers of new tasks: forks overtake each other more there.",
    }),
    exceptions: &[
        "A task with CAP_CHECKPOINT_RESTORE may choose numbers (clone3 with set_tid), or set the cursor (ns_last_pid).",
        "Up to 7.0 the first failed allocation of a namespace sets its cursor back.",
    ],
    trips: "Number 20 is allocated after number 100000.",
    near_miss: "The number before the last one is told after it: two forks on two CPUs.",
};

/// A number was given out, where `next` was to follow.
#[inline]
pub(super) fn allocated(cx: &mut Cx<'_>, upid: &Upid, step: Step, next: i32) {
    cx.test(&RULE, step != Step::Back, || {
        Finding::new(
            Subject::namespace_named(upid.ns, upid.inum),
            format!("a number from {next} on, or a little before"),
            upid.nr.to_string(),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    #[test]
    fn a_number_far_behind_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.pid_max(1 << 22);
            script.reuse(100_000);
            script.fork(10);
            script.reuse(20_000);
            script.fork(10);
            script.trips(&RULE);
        }
    }

    #[test]
    fn forks_overtake_each_other_and_numbers_run_out() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.pid_max(1 << 22);
            for nr in [100_000, 99_999, 100_001, (1 << 22) - 1, 300] {
                script.reuse(nr);
                script.fork(10);
            }
            script.holds(&RULE);
        }
    }
}
