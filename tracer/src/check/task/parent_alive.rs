//! Rule 24: a task's real parent is not released, and changes only when it exits.

use super::{
    doubts::Doubts,
    reading::{Reading, is_read, live},
};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::TaskFacts,
    model::{TaskId, TaskState},
};

/// `forget_original_parent`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 24,
    id: "parent-alive",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task's real parent is unreleased, has not handed on its children, and stays its \
                parent until it exits",
    source: "forget_original_parent, exit_notify (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Release)],
    weaker: Some(Weaker {
        needs: &[],
        statement: "a task's real parent stays its parent until it exits",
    }),
    exceptions: &[
        "between a parent's exit and its exit_notify, however long that takes",
        "a namespace's init keeps its children until all are gone",
        "another thread of the same process",
    ],
    trips: "a task changes its parent, and the old one lives on",
    near_miss: "a task gets another parent by its parent's exit",
};

/// Most zombies of a sweep that are remembered.
const MOST: usize = 1 << 10;

/// Tasks that the running sweep has shown as zombies: they have handed on their children.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Zombies(Vec<u64>);

impl Zombies {
    /// Another sweep.
    pub(in crate::check) fn clear(&mut self) {
        self.0.clear();
    }

    /// A task's address is free, or another's.
    #[inline]
    pub(in crate::check) fn end(&mut self, task: u64) {
        if !self.0.is_empty() {
            self.0.retain(|&zombie| zombie != task);
        }
    }
}

/// A sweep shows a task.
#[inline]
pub(in crate::check) fn snapshot(cx: &mut Cx<'_>, zombies: &mut Zombies, facts: &TaskFacts) {
    if facts.exit_state != 0 && zombies.0.len() < MOST {
        zombies.0.push(facts.task);
    }
    // what is itself dead by now may have been left behind
    if !zombies.0.is_empty() && facts.exit_state == 0 {
        let handed = facts.real_parent != 0 && zombies.0.contains(&facts.real_parent);
        cx.test(&RULE, !handed, || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
            Finding::new(subject, "a parent that lives", format!("{} is a zombie", facts.ppid))
        });
    }
}

/// The named parent is unreleased. The address of a freed one may be that of another by the time
/// that a sweep reads it.
#[inline]
fn unreleased(cx: &mut Cx<'_>, parent: u64, freed: bool, subject: impl FnOnce() -> Subject) {
    let world = cx.world;
    let Some(id) = world.at_key(parent) else { return };
    let gone = world.state_of(id) == TaskState::Released || freed && !world.lives(id);
    // without its hook a release is concluded from a wait(2), which may be told too late
    let gone = gone && is_read(world, id) && cx.is_full(&RULE) && !world.has_vanished(id);
    cx.test(&RULE, !gone, || {
        Finding::new(subject(), "an unreleased parent", format!("{} is released", world.tid(id)))
    });
}

/// The parent is the one that the tables have, or that one exits.
#[inline]
fn same(cx: &mut Cx<'_>, doubts: &mut Doubts, id: TaskId, (parent, ppid): (u64, i32)) {
    let world = cx.world;
    let Some(known) = world.parent(id).filter(|&known| is_read(world, known)) else { return };
    // a group's tasks have one parent, of which the tables keep what is known with the leader
    if !is_read(world, id) || !world.leads(id) {
        return;
    }
    let key = world.key_of(known);
    let holds = key == parent || world.tgid(known) == ppid || world.is_parent_inferred(id);
    doubts.test(
        cx,
        &RULE,
        holds,
        || [Some(known), live(world, parent)],
        || {
            let known = format!("parent {}", world.tgid(known));
            Finding::new(Subject::task(world, id), known, format!("parent {ppid}"))
        },
    );
}

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    unreleased(cx, facts.real_parent, reading.born, || reading.subject(world));
    if let Some(id) = reading.known.filter(|_| !reading.born) {
        same(cx, doubts, id, (facts.real_parent, facts.ppid));
    }
}

/// A record names a task and its real parent.
#[inline]
pub(in crate::check) fn named(
    cx: &mut Cx<'_>,
    doubts: &mut Doubts,
    task: u64,
    (parent, ppid): (u64, i32),
) {
    let world = cx.world;
    let Some(id) = live(world, task) else { return };
    unreleased(cx, parent, true, || Subject::task(world, id));
    same(cx, doubts, id, (parent, ppid));
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn another_parent_while_the_old_one_lives_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let other = script.fork(10);
            let grandchild = script.fork(child);
            let other = script.tasks[&other].facts;
            script.exit(grandchild);
            let Body::Exit(facts) = &mut script.last().body else { panic!() };
            (facts.real_parent, facts.ppid) = (other.task, other.tgid);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_released_parent_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        let grandchild = script.fork(child);
        let parent = script.tasks[&child].facts;
        script.end(child);
        script.exit(grandchild);
        let Body::Exit(facts) = &mut script.last().body else { panic!() };
        (facts.real_parent, facts.ppid) = (parent.task, parent.tgid);
        script.trips(&RULE);
    }

    #[test]
    fn a_zombie_with_a_child_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        let grandchild = script.fork(child);
        let parent = script.tasks[&child].facts;
        script.exit(child);
        let facts = script.facts(grandchild);
        (facts.real_parent, facts.ppid) = (parent.task, parent.tgid);
        (facts.parent, facts.parent_tgid) = (parent.task, parent.tgid);
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn an_orphan_gets_another_parent() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let grandchild = script.fork(child);
            script.exit(child);
            script.sweep();
            script.exit(grandchild);
            script.holds(&RULE);
        }
    }
}
