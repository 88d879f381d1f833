//! Rule 32: the pid of a process group is mostly of the task's own PID namespace or of an ancestor.

use super::session_namespace::is_above;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{ChangePid, TaskFacts, Vector},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 32,
    id: "group-namespace",
    group: Group::Group,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "the PID namespace of a process group's pid is that of its members or an ancestor \
                of it, or was seen by who moved them; a child gets no other from its parent",
    source: "setpgid (kernel/sys.c), copy_process (kernel/fork.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Snapshot)],
    weaker: None,
    exceptions: &["setpgid may put a process into a group of an inner namespace that it can see"],
    trips: "a process joins the group of a process in a namespace that nobody sees",
    near_miss: "a process in an inner namespace joins a group of the outer one",
};

/// A process is born. What its parent has done was told when it did it.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector) {
    let Some(pgrp) = cx.world.pid_at(task.pgrp) else { return };
    let Some(holds) = is_above(cx.world, pgrp, vector) else { return };
    let inherited = || {
        let caller = cx.world.at_key(cx.event.header.actor);
        caller.is_some_and(|caller| cx.world.task_pgrp(caller) == Some(pgrp))
    };
    let holds = holds || inherited();
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task_named(task.task, task.tid, task.tgid),
            "a process group of its own PID namespace or of one above",
            format!("process group {} of another one", task.pgid),
        )
    });
}

/// A process gets another group.
pub(in crate::check) fn change(cx: &mut Cx<'_>, facts: &ChangePid) {
    let world = cx.world;
    let Some((task, pgrp)) = world.at_key(facts.task).zip(world.pid_at(facts.pid)) else { return };
    let Some(own) = world.pid_of(task).filter(|_| facts.ty == 2) else { return };
    let (own, level) = (world.numbers(own), world.numbers(pgrp).len().saturating_sub(1));
    let of = |at: Option<&(Option<_>, i32)>| at.and_then(|&(ns, _)| ns);
    let seen = || {
        let actor = world.at_key(cx.event.header.actor);
        actor.is_none_or(|actor| world.pid_vnr(pgrp, actor) != 0)
    };
    let holds = level == 0 || of(own.get(level)) == of(world.numbers(pgrp).last()) || seen();
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task(world, task),
            "a process group of its own PID namespace or of one above",
            format!("process group {} of another one", facts.nr),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_NEWPID, Script};

    #[test]
    fn a_group_of_an_inner_namespace_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let other = script.clone_by(10, CLONE_NEWPID);
        script.change_pid(10, other, 2, other);
        script.change_pid(init, init, 2, other);
        script.trips(&RULE);
    }

    #[test]
    fn a_group_of_an_inner_namespace_that_the_caller_can_see_holds() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.change_pid(10, init, 2, init);
        let child = script.fork(10);
        script.change_pid(10, child, 2, init);
        script.holds(&RULE);
    }

    #[test]
    fn a_group_of_an_outer_namespace_holds() {
        let mut script = Script::new();
        let outer = script.fork(10);
        script.change_pid(10, outer, 2, outer);
        let init = script.clone_by(10, CLONE_NEWPID);
        script.change_pid(10, init, 2, outer);
        script.fork(init);
        script.holds(&RULE);
    }
}
