//! Rule 10: number 1 is the init of its namespace.

use super::ground::{Ground, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{PidNs, TaskFacts, Upid, ns_reason},
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 10,
    id: "init-number",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The pid with number 1 in its own namespace is its init: it leads its process, and takes in the namespace's orphans (child_reaper); a namespace that was just made has none.",
    source: "copy_process (kernel/fork.c), is_child_reaper (include/linux/pid.h), find_child_reaper (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::PidNsCreate)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same, of namespaces that a sweep reads.",
    }),
    exceptions: &[
        "The orphans may go to another thread of the init while its leader exits.",
        "child_reaper is not cleared when the init dies: it may point at anything then.",
        "child_reaper of the initial namespace is the idle task before pid 1 is made.",
    ],
    trips: "A thread has number 1.",
    near_miss: "A namespace's child reaper is a thread of its init that is not its leader.",
};

/// A task is made.
#[inline]
pub(super) fn born(cx: &mut Cx<'_>, facts: &TaskFacts, vector: &[Upid]) {
    if vector.len() < 2 || vector.last().is_none_or(|last| last.nr != 1) {
        return;
    }
    cx.test(&RULE, facts.tid == facts.tgid, || {
        let observed = format!("a thread of process {}", facts.tgid);
        Finding::new(named(facts.pid, vector), "number 1 leads its process", observed)
    });
}

/// A namespace is made or read.
pub(super) fn space(cx: &mut Cx<'_>, ground: &Ground, facts: &PidNs) {
    let (world, subject) = (cx.world, Subject::namespace_named(facts.ns, facts.inum));
    if facts.reason == ns_reason::CREATE {
        cx.test(&RULE, facts.child_reaper == 0, || {
            Finding::new(subject, "no child reaper in a new namespace", "there is one")
        });
        return;
    }
    let upid = Upid { ns: facts.ns, nr: 1, inum: facts.inum };
    let ns = ground.space(world, &upid).map(|ns| world.ns(ns));
    let init = ns.and_then(|ns| ns.pid.as_ref()).and_then(|space| space.init);
    let init = init.and_then(|init| world.live_holder(init)).filter(|&init| world.runs(init));
    let reaper = world.at_key(facts.child_reaper).filter(|&task| world.lives(task));
    let (Some(init), Some(reaper)) = (init, reaper) else { return };
    if ground.is_swapping() {
        return;
    }
    let (wanted, found) = (world.tgid(init), world.tgid(reaper));
    cx.test(&RULE, wanted == found, || {
        Finding::new(
            subject,
            format!("its child reaper is of process {wanted}, its init"),
            format!("it is of process {found}"),
        )
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
    fn a_thread_with_number_1_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.clone_by(10, CLONE_NEWPID);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.tgid = 10;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_reaper_of_another_process_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            let reaper = script.thread(init);
            script.show_ns(init, reaper);
            script.holds(&RULE);
            script.show_ns(init, 10);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_new_namespace_with_a_reaper_is_a_violation() {
        let mut script = Script::new();
        script.unshare_pid(10);
        script.fork(10);
        script.holds(&RULE);
        let task = script.tasks[&10].facts.task;
        let made = script.events.iter_mut().rev().find_map(|event| match &mut event.body {
            Body::PidNs(facts) => Some(facts),
            _ => None,
        });
        made.unwrap().child_reaper = task;
        script.trips(&RULE);
    }
}
