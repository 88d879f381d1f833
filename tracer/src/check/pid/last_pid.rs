//! Rule 12: the allocation cursor is behind the last number.

use super::cursor::{Cursor, SLACK};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::PidNs,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 12,
    id: "last-pid",
    group: Group::Pid,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "The allocation cursor that a sweep reads of a PID namespace (ns_last_pid and the last field of /proc/loadavg show it, less 1) is not before the last number given out; that of a new namespace is 0.",
    source: "idr_alloc_cyclic in alloc_pid (kernel/pid.c), pid_ns_ctl_handler (kernel/pid_namespace.c)",
    needs: &[Need::Fact(Fact::Snapshot), Need::Fact(Fact::Fork)],
    weaker: None,
    exceptions: &[
        "A task with CAP_CHECKPOINT_RESTORE may set it, or choose a number ahead of it.",
        "Up to 7.0 the first failed allocation of a namespace sets it back.",
    ],
    trips: "A sweep reads a cursor of 50000 after number 100000 was given out.",
    near_miss: "A sweep reads the cursor right behind the last number.",
};

/// A namespace is made or read.
pub(super) fn read(cx: &mut Cx<'_>, cursor: &mut Cursor, facts: &PidNs, made: bool) {
    let read = i32::try_from(facts.cursor).unwrap_or(i32::MAX);
    let known = cx.world.ns_at(facts.ns).and_then(|ns| cx.world.ns(ns).pid.as_ref());
    let members = known.map_or(0, |space| space.members);
    let next = cursor.next;
    let holds = if made {
        read == 0
    } else {
        read.saturating_add(SLACK) >= next || cursor.resumes(read) || cursor.may_wrap(members)
    };
    if !made && (next == 0 || read.saturating_add(SLACK) < next) {
        cursor.next = read;
    }
    cx.test(&RULE, holds, || {
        let expected = if made { "0".to_owned() } else { format!("{next} or more") };
        let subject = Subject::namespace_named(facts.ns, facts.inum);
        Finding::new(subject, format!("a cursor of {expected}"), read.to_string())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    #[test]
    fn a_cursor_before_the_last_number_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.pid_max(1 << 22);
            script.reuse(100_000);
            script.fork(10);
            script.show_cursor(50_000);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_cursor_behind_the_last_number_holds() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.pid_max(1 << 22);
            script.reuse(100_000);
            script.fork(10);
            script.show_cursor(100_001);
            script.fork(10);
            script.holds(&RULE);
        }
    }
}
