//! Rule 48: nothing is born in a PID namespace whose init is dead.

use super::{populated_has_init::takes, test};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx},
    coverage::Fact,
    event::{TaskFacts, Vector},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 48,
    id: "no-fork-into-dead",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "once the dying init of a PID namespace has begun to reap, no pid is allocated there \
                that a task is born with; once the init's pid is free, nobody is born there",
    source: "copy_process (kernel/fork.c), alloc_pid (kernel/pid.c), disable_pid_allocation",
    needs: &[
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::AllocPid),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::NsDying),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
        statement: "once the init of a PID namespace is reaped, nobody is born there",
    }),
    exceptions: &[
        "a birth that happened before the init died may be told after its death",
        "number 1 may be allocated again if the first fork failed (since 7.1)",
    ],
    trips: "a task is born in a namespace whose init was reaped",
    near_miss: "a fork that was in flight when the init died is told after it",
};

/// A task is born below the initial namespace; `late` if its pid was allocated too late.
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector, late: bool) {
    let depth = vector.len();
    for (level, upid) in vector.iter().enumerate().skip(1) {
        let holds = !late && takes(cx.world, level, upid, depth);
        test(cx, &RULE, holds, (upid.ns, upid.inum), "an init that lives", || {
            format!("task {} is born as {}", task.tid, upid.nr)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_NEWPID, Script};

    #[test]
    fn a_birth_after_the_init_was_reaped_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let inner = *script.facts(init);
            script.end(init);
            let child = script.fork(10);
            script.facts(child).for_children = inner.for_children;
            script.facts(child).for_children_inum = inner.for_children_inum;
            script.fork(child);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_pid_for_a_birth_after_the_init_has_begun_to_reap_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let (one, other) = (script.fork(init), script.fork(init));
        script.exit(init);
        script.dying(init);
        script.exit(one);
        script.release(one, init);
        script.fork(other);
        script.trips(&RULE);
    }

    #[test]
    fn a_fork_in_flight_holds() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let member = script.fork(init);
        script.exit(init);
        script.dying(init);
        let last = script.fork(member);
        script.exit(member);
        script.exit(last);
        script.release(last, init);
        script.release(member, init);
        script.release(init, 10);
        script.holds(&RULE);
    }
}
