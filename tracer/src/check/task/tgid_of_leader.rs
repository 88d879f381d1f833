//! Rule 20: the number of a group is that of its leader.

use super::{
    doubts::Doubts,
    reading::{Reading, live},
};
use crate::check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding};

/// `task->tgid` is `task->group_leader->pid`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 20,
    id: "tgid-of-leader",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the tgid of every thread is the tid of the leader that it names, which leads itself \
                and is the leader of the others of its group",
    source: "copy_process (kernel/fork.c), de_thread (fs/exec.c)",
    needs: &[],
    weaker: None,
    exceptions: &["a task is read while an exec makes another thread the leader"],
    trips: "a thread names the leader of another group",
    near_miss: "a thread of a thread names the leader of both",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    if reading.leads() {
        return;
    }
    let (world, facts) = (cx.world, reading.facts);
    let named = live(world, facts.leader);
    let holds = match named {
        Some(leader) => world.tid(leader) == facts.tgid && world.leads(leader),
        // one of a group that is known by another leader, or by none
        None => world.find_task(facts.tgid).is_none_or(|leader| world.key_of(leader) == 0),
    };
    doubts.test(
        cx,
        &RULE,
        holds,
        || reading.swap(world),
        || {
            let known = named.map_or(0, |leader| world.tid(leader));
            let read = format!("tgid {}", facts.tgid);
            Finding::new(reading.subject(world), format!("the leader's tid {known}"), read)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_foreign_leader_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            let other = script.tasks[&10].facts.task;
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.leader = other;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_thread_of_a_thread_has_the_same_leader() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.thread(thread);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
