//! Rule 42: the idle tasks, which have number 0, are in no table.

use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::{TaskFacts, Upid},
};

/// `fork_idle`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 42,
    id: "idle-unlisted",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "tasks have numbers above 0; only an idle task has 0, at its birth for a CPU, and is \
                in no list",
    source: "fork_idle (kernel/fork.c)",
    needs: &[],
    weaker: None,
    exceptions: &["a CPU that is switched on gets an idle task"],
    trips: "a sweep shows a task with number 0",
    near_miss: "an idle task is made for a CPU",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, facts: &TaskFacts, vector: &[Upid], born: bool) {
    let idle = facts.tid == 0 && facts.tgid == 0 && vector.first().is_none_or(|upid| upid.nr == 0);
    let listed = facts.tid > 0 && facts.tgid > 0 && vector.iter().all(|upid| upid.nr > 0);
    cx.test(&RULE, listed || idle && born, || {
        let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
        Finding::new(subject, "numbers above 0", format!("tgid/tid {}/{}", facts.tgid, facts.tid))
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Vector},
    };

    #[test]
    fn a_number_0_in_a_sweep_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            script.sweep();
            let at = script.events.len() - 2;
            let Body::Snapshot { task, .. } = &mut script.events[at].body else { panic!() };
            task.tid = 0;
            script.trips(&RULE);
        }
    }

    #[test]
    fn an_idle_task_is_made_for_a_cpu() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let mut facts = *script.facts(2);
            let mut upid = script.tasks[&2].vector[0];
            (facts.task, facts.leader, facts.pid) = (7, 7, 8);
            (facts.tid, facts.tgid, facts.ppid, upid.nr) = (0, 0, 2, 0);
            let vector = Vector::new(&[upid]).unwrap();
            script.write(2, 1, Body::Fork { task: facts, vector, flags: 0x100 });
            script.holds(&RULE);
        }
    }
}
