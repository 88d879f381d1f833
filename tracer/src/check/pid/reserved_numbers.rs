//! Rule 13: numbers below 300 are given out only once.

use super::cursor::{RESERVED, Step};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 13,
    id: "reserved-numbers",
    group: Group::Pid,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "Once the numbers of a PID namespace have passed 300, none below 300 is given out.",
    source: "RESERVED_PIDS, idr_alloc_cyclic in alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same of the numbers of new tasks.",
    }),
    exceptions: &[
        "A task with CAP_CHECKPOINT_RESTORE may choose numbers (clone3 with set_tid), or set the cursor (ns_last_pid).",
    ],
    trips: "Number 20 is allocated once the numbers have run out.",
    near_miss: "Number 300 is allocated once the numbers have run out.",
};

/// A number was given out, where `next` was to follow.
#[inline]
pub(super) fn allocated(cx: &mut Cx<'_>, upid: &Upid, step: Step, next: i32) {
    let low = upid.nr < RESERVED && next > RESERVED;
    // a number that was asked for does not move the cursor: the next goes on from before it
    let holds = !low || matches!(step, Step::Late | Step::Onward | Step::Resumed);
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::namespace_named(upid.ns, upid.inum),
            format!("a number of {RESERVED} or more"),
            upid.nr.to_string(),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    #[test]
    fn a_low_number_after_all_others_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.reuse(100_000);
            script.fork(10);
            script.reuse(20);
            script.fork(10);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_low_number_that_goes_on_from_before_one_that_was_asked_for_is_none() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.reuse(20);
            script.fork(10);
            script.reuse(20_000);
            script.fork(10);
            script.reuse(21);
            script.fork(10);
            script.holds(&RULE);
        }
    }

    #[test]
    fn numbers_begin_again_at_300() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.reuse(100_000);
            script.fork(10);
            script.reuse(RESERVED);
            script.fork(10);
            script.holds(&RULE);
        }
    }
}
