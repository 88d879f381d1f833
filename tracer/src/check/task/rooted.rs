//! Rule 25: the real parents of every task lead to the idle task.

use std::collections::HashSet;

use super::reading::{Reading, is_read};
use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::TaskFacts,
    model::{TaskId, World},
};

/// The two tasks that `rest_init` makes: pid 1 and kthreadd.
const FIRST: i32 = 2;

/// `copy_process`, `find_new_reaper`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 25,
    id: "rooted",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "a task's real parents lead without a cycle to pid 1 or kthreadd, whose parent is \
                the idle task, as no other task's",
    source: "rest_init (init/main.c), copy_process (kernel/fork.c), find_new_reaper (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &["tasks of which only an event that names them, or /proc, has told"],
    trips: "a task other than pid 1 and kthreadd has no parent",
    near_miss: "the init of a PID namespace, whose parent is invisible in it",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let first = facts.tgid <= FIRST;
    let parent = if first { facts.ppid == 0 } else { facts.ppid > 0 && facts.real_parent != 0 };
    let outside = facts.ppid != facts.tgid && facts.real_parent != facts.task;
    let idle = !first || facts.real_parent != 0;
    cx.test_told(&RULE, (parent || first && !reading.leads()) && outside && idle, || {
        let known = if first { "the idle task as parent" } else { "a parent of another process" };
        Finding::new(reading.subject(world), known, format!("parent {}", facts.ppid))
    });
}

/// Parents that a sweep names, and that no record has shown: until its end, one must.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Unknown {
    named: Vec<(u64, Finding)>,
    /// Tasks that have exited meanwhile: they may never be shown.
    exited: Vec<u64>,
    /// The idle task, by its key.
    idle: u64,
}

/// Unknown parents, and exits during a sweep, that are remembered.
const MOST: usize = 1 << 10;

impl Unknown {
    /// A sweep reads a task.
    #[inline]
    pub(in crate::check) fn snapshot(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        if cx.hides() || facts.tid <= 0 {
            return;
        }
        if facts.tgid <= FIRST && facts.ppid == 0 {
            if facts.real_parent != self.idle || cx.world.at_key(self.idle).is_some() {
                self.first(cx, facts);
            }
            return;
        }
        for (key, tgid) in [(facts.real_parent, facts.ppid), (facts.parent, facts.parent_tgid)] {
            // pid 1's threads may escape a sweep
            if tgid != 1 && cx.world.at_key(key).is_none() && self.named.len() < MOST {
                let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
                let read = format!("parent {tgid} at {key:#x}");
                self.named.push((key, Finding::new(subject, "a parent that is known", read)));
            }
        }
    }

    #[cold]
    fn first(&mut self, cx: &mut Cx<'_>, facts: &TaskFacts) {
        let holds = self.idle == 0 && cx.world.at_key(facts.real_parent).is_none();
        self.idle = if self.idle == 0 { facts.real_parent } else { self.idle };
        cx.test_told(&RULE, holds, || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
            let read = format!("{:#x}", facts.real_parent);
            Finding::new(subject, format!("the idle task {:#x} as parent", self.idle), read)
        });
    }

    /// A task exits.
    #[inline]
    pub(in crate::check) fn exit(&mut self, world: &World, task: u64) {
        if world.is_sweeping() && self.exited.len() < MOST {
            self.exited.push(task);
        }
    }

    /// A sweep begins, or records are missing.
    pub(in crate::check) fn clear(&mut self) {
        self.named.clear();
        self.exited.clear();
    }

    /// A sweep is over.
    pub(in crate::check) fn judge(&mut self, cx: &mut Cx<'_>) {
        let many = self.exited.len() >= MOST || cx.world.has_forgotten() || cx.hides();
        for (key, finding) in std::mem::take(&mut self.named) {
            let known = cx.world.at_key(key).is_some() || self.exited.contains(&key);
            cx.test(&RULE, known || many, || finding);
        }
        self.exited.clear();
    }
}

/// Whether a family ends here: at the first tasks, or where no more is known.
fn ends(world: &World, id: TaskId) -> bool {
    let orphan =
        world.ppid(id) != 0 || world.is_parent_inferred(id) || !world.runs(id) || !world.leads(id);
    let unknown = world.parent(id).is_none() && orphan;
    world.tgid(id) <= FIRST || unknown || !is_read(world, id)
}

/// The whole tables.
pub(in crate::check) fn tables(cx: &mut Cx<'_>) {
    let world = cx.world;
    // each task once: those of an earlier path lead to the root, or have been found not to
    let mut seen = HashSet::new();
    let mut path = HashSet::new();
    for id in world.tasks() {
        path.clear();
        let mut next = Some(id);
        while let Some(at) = next.filter(|&at| !ends(world, at) && !seen.contains(&at)) {
            if !path.insert(at) {
                break;
            }
            next = world.parent(at);
        }
        let holds = next.is_some_and(|at| !path.contains(&at));
        seen.extend(path.iter().copied());
        cx.test(&RULE, holds, || {
            let read = if next.is_some() { "a cycle" } else { "no parent" };
            let subject = Subject::task(world, next.unwrap_or(id));
            Finding::new(subject, "parents that lead to pid 1 or kthreadd", read)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::{Body, Event, Exit, TaskFacts, Upid, Vector, bits},
    };

    #[test]
    fn a_task_without_a_parent_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            (task.real_parent, task.ppid) = (0, 0);
            script.trips(&RULE);
        }
    }

    #[test]
    fn parents_in_a_circle_trip_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        let grandchild = script.fork(child);
        let (old, young) = (script.tasks[&child].facts, script.tasks[&grandchild].facts);
        let facts = script.facts(child);
        (facts.real_parent, facts.ppid) = (young.task, young.tgid);
        (facts.parent, facts.parent_tgid) = (young.task, young.tgid);
        let facts = script.facts(grandchild);
        (facts.real_parent, facts.ppid) = (old.task, old.tgid);
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn a_thread_of_pid_1_has_its_parent() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let thread = script.thread(1);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.bits |= bits::SESSION_LEADER;
            script.facts(thread).bits |= bits::SESSION_LEADER;
            script.sweep();
            script.sweep();
            script.holds(&RULE);
        }
    }

    /// A history whose sweep names a parent that it does not show; `/proc` may.
    fn unknown(proc: bool) -> Script {
        let mut script = Script::new();
        let child = script.fork(10);
        let facts = script.facts(child);
        (facts.real_parent, facts.ppid) = (0xdead, 77);
        (facts.parent, facts.parent_tgid) = (0xdead, 77);
        let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
        (task.real_parent, task.ppid) = (0xdead, 77);
        (task.parent, task.parent_tgid) = (0xdead, 77);
        script.events.remove(script.events.len() - 1);
        script.events.remove(script.events.len() - 1);
        script.sweep();
        if proc {
            let at = script.events.len() - 1;
            let task = TaskFacts { tid: 77, tgid: 77, ppid: 1, ..TaskFacts::default() };
            let vector = Vector::new(&[Upid { ns: 0, nr: 77, inum: 0 }]).unwrap();
            let body = Body::Snapshot { task, vector, generation: 1, from_proc: true };
            script.events.insert(at, Event { header: script.events[at].header, body });
        }
        script
    }

    #[test]
    fn a_parent_that_escapes_the_sweeps_is_no_fault() {
        unknown(false).trips(&RULE);
        unknown(true).holds(&RULE);
    }

    #[test]
    fn the_init_of_a_namespace_has_a_parent_outside() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.sweep();
            script.holds(&RULE);
        }
    }

    #[test]
    fn a_parent_that_exits_while_the_sweep_runs_is_near() {
        let mut script = unknown(false);
        let end = script.events.pop().unwrap();
        let mut exit = script.events[0].clone();
        exit.header.actor = 0xdead;
        (exit.header.actor_tid, exit.header.actor_tgid, exit.header.kind) = (77, 77, 15);
        let facts = Exit { task: 0xdead, ppid: 1, group_dead: 1, ..Exit::default() };
        exit.body = Body::Exit(facts);
        script.append(exit);
        script.append(end);
        assert_eq!(script.report().row(&RULE).unwrap().violated, 0);
    }

    #[test]
    fn another_idle_task_trips_it() {
        let mut script = Script::new();
        script.facts(2).real_parent += 1;
        script.sweep();
        script.trips(&RULE);
    }
}
