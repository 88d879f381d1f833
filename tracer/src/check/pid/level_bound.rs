//! Rule 1: the level of a pid is at most 32, and it has one number more.

use super::ground::named;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, cx::Cx, subject::Subject, violation::Finding},
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 1,
    id: "level-bound",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A pid or PID namespace is at level 0 to 32, and a pid has exactly one number for each level down to its own.",
    source: "alloc_pid (kernel/pid.c), create_pid_namespace, MAX_PID_NS_LEVEL (kernel/pid_namespace.c)",
    needs: &[Need::Fact(Fact::Fork)],
    weaker: None,
    exceptions: &[],
    trips: "A record says level 1 of a pid that has one number.",
    near_miss: "A pid in a namespace one level down has two numbers and level 1.",
};

/// `MAX_PID_NS_LEVEL` (kernel/pid_namespace.c).
const MAX_LEVEL: usize = 32;

/// A pid of a record, with the level that the record states.
#[inline]
pub(super) fn vector(cx: &mut Cx<'_>, key: u64, level: Option<u32>, vector: &[Upid]) {
    let deep = vector.len().wrapping_sub(1);
    let holds = deep <= MAX_LEVEL && level.is_none_or(|level| level as usize == deep);
    cx.test_alone(&RULE, holds, || {
        let stated = level.map_or(String::new(), |level| format!(" at level {level}"));
        let count = vector.len();
        Finding::new(
            named(key, vector),
            "one number for each level, of 33 at most",
            format!("{count} numbers{stated}"),
        )
    });
}

/// The level of a namespace, or of a pid whose numbers are not in the record.
#[inline]
pub(super) fn level(cx: &mut Cx<'_>, level: u32, subject: impl FnOnce() -> Subject) {
    cx.test_alone(&RULE, level as usize <= MAX_LEVEL, || {
        Finding::new(subject(), "a level of 32 at most", format!("level {level}"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_level_that_is_not_that_of_the_numbers_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.level = 1;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_pid_one_level_down_has_two_numbers() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.clone_by(10, CLONE_NEWPID);
            script.holds(&RULE);
        }
    }
}
