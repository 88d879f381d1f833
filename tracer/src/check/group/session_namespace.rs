//! Rule 31: the pid of a session is of the task's own PID namespace or of an ancestor.

use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{TaskFacts, Vector},
    model::{PidId, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 31,
    id: "session-namespace",
    group: Group::Group,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the PID namespace of a session's pid is that of its members or an ancestor of it",
    source: "ksys_setsid (kernel/sys.c), copy_process (kernel/fork.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
    weaker: None,
    exceptions: &[],
    trips: "a process of the initial namespace is born in a session of an inner one",
    near_miss: "the init of a PID namespace is in the session of its outer parent",
};

/// Whether the deepest namespace of a pid is one of those of a vector; `None` where it is unknown.
pub(super) fn is_above(world: &World, pid: PidId, vector: &Vector) -> Option<bool> {
    let numbers = world.numbers(pid);
    let level = numbers.len().checked_sub(1)?;
    if level == 0 {
        return Some(true);
    }
    let key = world.key_of_ns(numbers.last()?.0?);
    Some(vector.get(level).is_some_and(|upid| upid.ns == key))
}

/// A process is born.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
    let Some(session) = cx.world.pid_at(task.session) else { return };
    let Some(holds) = is_above(cx.world, session, vector) else { return };
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task_named(task.task, task.tid, task.tgid),
            "a session of its own PID namespace or of one above",
            format!("session {} of another one", task.sid),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_session_of_a_deeper_namespace_trips() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let (pid, tid) = (script.facts(init).pid, init);
            script.fork(10);
            if let Body::Fork { task, .. } = &mut script.last().body {
                (task.session, task.sid) = (pid, tid);
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_session_of_an_outer_namespace_holds() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let member = script.fork(init);
        script.setsid(member);
        script.fork(member);
        script.holds(&RULE);
    }
}
