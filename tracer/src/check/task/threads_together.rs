//! Rule 22: the threads of a group are in one PID namespace and have one real parent.

use super::{
    doubts::Doubts,
    reading::{Reading, live},
};
use crate::check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding};

/// The check of `CLONE_THREAD`, and `forget_original_parent`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 22,
    id: "threads-together",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "all threads of a group are in the same PID namespace and have the same real parent",
    source: "copy_process (kernel/fork.c), forget_original_parent (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "namespaces for children, nsproxies and credentials, which each thread has for itself",
        "a thread is read before its group gets another parent, and another thread after it",
    ],
    trips: "a thread is in another PID namespace than its leader",
    near_miss: "a thread of a process in a nested PID namespace",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    if reading.leads() {
        return;
    }
    let (world, facts) = (cx.world, reading.facts);
    let Some(leader) = live(world, facts.leader) else { return };
    let Some(own) = reading.vector.last() else { return };
    let ns = world.pid_of(leader).and_then(|pid| world.deepest(pid));
    let key = ns.map_or(0, |ns| world.key_of_ns(ns));
    cx.test(&RULE, key == 0 || key == own.ns, || {
        let known = ns.map_or(0, |ns| world.ns(ns).inum);
        let known = format!("its leader's PID namespace {known}");
        Finding::new(reading.subject(world), known, format!("PID namespace {}", own.inum))
    });
    let parent = world.parent(leader);
    let known = world.ppid(leader);
    let holds = known == facts.ppid || parent.is_none() || world.is_parent_inferred(leader);
    let suspects = || [parent, live(world, facts.real_parent)];
    doubts.test(cx, &RULE, holds, suspects, || {
        let known = format!("its leader's parent {known}");
        Finding::new(reading.subject(world), known, format!("parent {}", facts.ppid))
    });
}

/// The whole tables.
pub(in crate::check) fn tables(cx: &mut Cx<'_>) {
    let world = cx.world;
    for id in world.tasks() {
        let leader = world.leader(id);
        if leader == id {
            continue;
        }
        let known = world.pid_of(leader).and_then(|pid| world.deepest(pid));
        let own = world.pid_of(id).and_then(|pid| world.deepest(pid));
        let same = known == own || known.is_none() || own.is_none();
        let family = world.ppid(leader) == world.ppid(id);
        cx.test(&RULE, same && family && world.lives(leader), || {
            let subject = Subject::task(world, id);
            let read = format!("parent {}, its leader's is {}", world.ppid(id), world.ppid(leader));
            Finding::new(subject, "the PID namespace and the parent of its leader", read)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::{Body, Vector},
    };

    #[test]
    fn a_thread_in_another_namespace_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.thread(init);
            let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
            let mut upids = vector.to_vec();
            upids.pop();
            *vector = Vector::new(&upids).unwrap();
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_thread_of_a_namespaces_init_is_in_the_namespace() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.thread(init);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
