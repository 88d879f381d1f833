//! Rule 6: a number is one pid's at a time.

use super::ground::{Ground, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
    model::{Certainty, PidId, World},
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 6,
    id: "unique-number",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "While a pid has a number in a namespace, no other one gets it.",
    source: "idr_alloc_cyclic in alloc_pid, idr_remove in free_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid), Need::Fact(Fact::Fork)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
        statement: "No new task has the number of a task that runs, unless that is a thread whose exec may be taking its exited leader's number.",
    }),
    exceptions: &[
        "The free is told at the entry of free_pid, while the number is still taken: the order of the two records decides.",
        "Without a hook on free_pid a number is free for all one can know once its task has exited.",
    ],
    trips: "A pid is allocated with a number whose pid was not freed.",
    near_miss: "A number is allocated again as soon as its pid is freed, before the memory of its task is.",
};

/// Numbers are allocated.
#[inline]
pub(super) fn taken(cx: &mut Cx<'_>, ground: &Ground, key: u64, vector: &[Upid]) {
    let root = cx.world.root_ns();
    for (at, upid) in vector.iter().enumerate() {
        let ns = if at == 0 { root } else { ground.space(cx.world, upid) };
        let Some(ns) = ns else { continue };
        let old = cx.world.find_pid_ns(upid.nr, ns);
        let old =
            old.filter(|&old| cx.world.key_of_pid(old) != key && ground.is_sure(cx.world, old));
        let told = old.is_some_and(|old| is_told(cx.world, old));
        cx.test_if(told, &RULE, old.is_none(), || {
            let holder = old.map_or(0, |old| cx.world.nr(old));
            let task = old.and_then(|old| cx.world.live_holder(old));
            let task =
                task.map_or(String::new(), |task| format!(" of task {}", cx.world.tid(task)));
            Finding::new(
                named(key, vector),
                format!("number {} of pid:[{}] is free", upid.nr, upid.inum),
                format!("the pid with level-0 number {holder}{task} has it"),
            )
        });
    }
}

/// The hooks have told of its birth, and would have told of its end.
#[cold]
fn is_told(world: &World, pid: PidId) -> bool {
    let born = |task| world.certainty_of(task) == Certainty::Observed;
    world.allocated_at(pid) != 0 || world.live_holder(pid).is_some_and(born)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_number_that_is_not_free_is_a_violation() {
        let mut script = Script::new();
        let first = script.fork(10);
        script.reuse(first);
        script.fork(10);
        script.trips(&RULE);
        let mut script = Script::tracepoints();
        let first = script.fork(10);
        script.reuse(first);
        script.fork(10);
        script.trips(&RULE);
    }

    #[test]
    fn a_number_of_an_inner_namespace_that_is_not_free_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.reuse_in(script.tasks[&init].vector[1].inum, 2);
            script.fork(init);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_number_is_used_again_before_the_memory_of_its_task_is_freed() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let first = script.fork(10);
            script.end(first);
            let free = script.events.pop().unwrap();
            script.reuse(first);
            script.fork(10);
            assert!(matches!(free.body, Body::FreeTask(_)));
            script.holds(&RULE);
        }
    }
}
