//! Rule 4: the numbers of a pid are from 1 to 4194303.

use super::ground::named;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 4,
    id: "number-range",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "Every number of a pid is at least 1 and below 4194304, the greatest pid_max.",
    source: "alloc_pid, idr_alloc_cyclic (kernel/pid.c), PID_MAX_LIMIT (include/linux/threads.h)",
    needs: &[Need::Fact(Fact::Fork)],
    weaker: None,
    exceptions: &[
        "init_struct_pid, the pid of the idle tasks, has number 0: kernel threads have it as group and session.",
        "pid_max may change at any time, and pids above a lowered one live on: it is not judged.",
    ],
    trips: "A pid is allocated with number 0 in its own namespace.",
    near_miss: "A sweep finds init_struct_pid, with number 0, as the group of kernel threads.",
};

/// `PID_MAX_LIMIT` of 64-bit kernels (include/linux/threads.h).
const LIMIT: i32 = 4 << 20;

/// The numbers of a pid; `held` if no task has it.
#[inline]
pub(super) fn vector(cx: &mut Cx<'_>, key: u64, vector: &[Upid], held: bool) {
    let valid = |upid: &Upid| (1..LIMIT).contains(&upid.nr);
    let idle = held && matches!(vector, [Upid { nr: 0, .. }]);
    cx.test_alone(&RULE, idle || vector.iter().all(valid), || {
        let numbers: Vec<_> = vector.iter().map(|upid| upid.nr).collect();
        Finding::new(named(key, vector), "numbers from 1 to 4194303", format!("{numbers:?}"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::Script,
        event::{Body, PidFacts, PidKey, Vector},
    };

    #[test]
    fn a_number_beyond_the_limit_is_a_violation() {
        for nr in [-1, LIMIT] {
            let mut script = Script::new();
            script.fork(10);
            let at = script.events.len() - 2;
            let Body::AllocPid(facts) = &mut script.events[at].body else { panic!() };
            let upid = Upid { nr, ..facts.vector[0] };
            facts.vector = Vector::new(&[upid]).unwrap();
            script.trips(&RULE);
        }
    }

    #[test]
    fn the_pid_of_the_idle_tasks_has_number_0() {
        let mut script = Script::new();
        let upid = Upid { nr: 0, ..script.tasks[&1].vector[0] };
        let vector = Vector::new(&[upid]).unwrap();
        script.write(0, 7, Body::HeldPid(PidFacts { pid: PidKey(7), ino: 0, vector }));
        script.fork(10);
        script.holds(&RULE);
    }
}
