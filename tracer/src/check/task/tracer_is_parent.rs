//! Rule 27: another parent than the real one is the tracer.

use std::collections::HashMap;

use super::{
    doubts::Doubts,
    reading::{Reading, live},
};
use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::Ptrace,
};

/// `__ptrace_link` and `__ptrace_unlink`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 27,
    id: "tracer-is-parent",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task's parent is its real parent unless it is traced; then it is its tracer, \
                which belongs to another process",
    source: "__ptrace_link, __ptrace_unlink, ptrace_attach (kernel/ptrace.c), \
             forget_original_parent (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "a tracer that is the real parent, or a thread of its process",
        "a task is read while its tracer lets go, or while it gets another real parent",
    ],
    trips: "a task that nobody traces has another parent than its real one",
    near_miss: "a task traced by another than its parent",
};

/// `PT_PTRACED`: every traced task has it, beside options, of which there may be more one day
/// (include/linux/ptrace.h).
const PTRACED: u32 = 1;

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let tracer = reading.known.and_then(|id| world.tracer(id));
    let same = facts.parent == facts.real_parent && facts.parent_tgid == facts.ppid;
    let holds = if facts.ptrace == 0 {
        same || tracer.is_some_and(|tracer| world.key_of(tracer) == facts.parent)
    } else {
        let by = tracer.map_or(facts.parent_tgid, |tracer| world.tgid(tracer));
        by == facts.parent_tgid || facts.parent_tgid == facts.ppid
    };
    if facts.ptrace != 0 {
        cx.test_alone(&RULE, facts.ptrace & PTRACED != 0, || {
            let read = format!("ptrace {:#x}", facts.ptrace);
            Finding::new(reading.subject(world), "flags of a traced task", read)
        });
    }
    let suspects = || {
        let parent = reading.known.and_then(|id| world.parent(id));
        let other = if facts.ptrace == 0 { live(world, facts.parent) } else { tracer };
        [parent, other]
    };
    if facts.tgid <= 2 && facts.ptrace == 0 && tracer.is_none() {
        // the idle task never exits
        cx.test_told(&RULE, same, || {
            let read = format!("parent {} at {:#x}", facts.parent_tgid, facts.parent);
            Finding::new(reading.subject(world), "the idle task as parent", read)
        });
        return;
    }
    doubts.test(cx, &RULE, holds, suspects, || {
        let tracer = tracer.map_or(0, |tracer| world.tgid(tracer));
        let known = if facts.ptrace == 0 { facts.ppid } else { tracer };
        let read = format!("parent {}, ptrace {:#x}", facts.parent_tgid, facts.ptrace);
        Finding::new(reading.subject(world), format!("parent {known}"), read)
    });
}

/// The last record about each traced task: the same may come twice, from the function that links
/// and from the end of ptrace(2).
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Told(HashMap<u64, Link>);

/// The last record about a traced task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Link {
    tracer: u64,
    actor: u64,
    twice: bool,
}

/// Traced tasks that are remembered.
const MOST: usize = 1 << 12;

impl Told {
    /// Records are missing.
    pub(in crate::check) fn clear(&mut self) {
        self.0.clear();
    }

    /// A task's memory is free.
    #[inline]
    pub(in crate::check) fn end(&mut self, task: u64) {
        if !self.0.is_empty() {
            self.0.remove(&task);
        }
    }

    /// Whether this is once too often.
    fn again(&mut self, actor: u64, facts: &Ptrace) -> bool {
        let mut link = Link { tracer: facts.tracer, actor, twice: false };
        let last = self.0.get(&facts.task).copied();
        let same = last.is_some_and(|last| Link { twice: false, ..last } == link);
        let twin = facts.tracer == 0 || facts.tracer == actor;
        link.twice = same;
        if self.0.len() < MOST || last.is_some() {
            self.0.insert(facts.task, link);
        }
        same && (!twin || last.is_some_and(|last| last.twice))
    }
}

/// A tracer comes or goes.
pub(in crate::check) fn ptrace(cx: &mut Cx<'_>, told: &mut Told, facts: &Ptrace) {
    let world = cx.world;
    let actor = cx.event.header.actor;
    let again = told.again(actor, facts);
    let known = facts.tracer == 0 || facts.tracer == actor || world.at_key(facts.tracer).is_some();
    // who attaches, who asks for it, and who makes a child of a traced task
    let by = [facts.tracer, facts.task, 0].contains(&actor)
        || facts.tracer == 0
        || live(world, facts.task).is_none();
    let hazy = facts.tracer_tgid == 1 && cx.hides(); // pid 1's threads may escape a sweep
    cx.test(&RULE, !again && (known || hazy) && by, || {
        let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
        let read = format!("{} again by {:#x}", facts.tracer_tgid, facts.tracer);
        Finding::new(subject, "a tracer that is known attaches once", read)
    });
    let whole = (facts.tracer == 0) == (facts.tracer_tgid == 0);
    cx.test_alone(&RULE, whole && facts.tracer != facts.task, || {
        let read = format!("traced by {} at {:#x}", facts.tracer_tgid, facts.tracer);
        let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
        Finding::new(subject, "a tracer, or none", read)
    });
    let Some(id) = live(world, facts.task) else { return };
    let tracer = live(world, facts.tracer);
    let foreign = tracer.is_none_or(|tracer| !world.same_process(tracer, id));
    cx.test(&RULE, foreign, || {
        let read = format!("traced by {}", facts.tracer_tgid);
        Finding::new(Subject::task(world, id), "a tracer in another process, or none", read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{Body, Header, Ptrace},
    };

    #[test]
    fn another_parent_without_a_tracer_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let init = script.tasks[&1].facts;
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            (task.parent, task.parent_tgid) = (init.task, init.tgid);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_tracer_may_be_another_than_the_parent() {
        let mut script = Script::new();
        let child = script.fork(10);
        let tracer = script.fork(10);
        let by = script.tasks[&tracer].facts;
        let facts = script.facts(child);
        (facts.parent, facts.parent_tgid, facts.ptrace) = (by.task, by.tgid, 1);
        let (task, tid) = (facts.task, facts.tid);
        let (header, tracer_tgid) = (Header::default(), by.tgid);
        let link = Ptrace { header, task, tracer: by.task, tid, tgid: tid, tracer_tgid, pad: 0 };
        script.write(tracer, 19, Body::Ptrace(link));
        script.sweep();
        script.holds(&RULE);
    }

    #[test]
    fn options_without_a_tracer_trip_it() {
        let mut script = Script::new();
        script.fork(10);
        if let Body::Fork { task, .. } = &mut script.last().body {
            task.ptrace = !super::PTRACED;
        }
        script.trips(&RULE);
    }
}
