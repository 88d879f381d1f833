//! Rule 68: a sweep has its form.

use super::{held_pids::Held, second_pass::Second};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, cx::Cx, settle::is_sweep, violation::Finding,
    },
    coverage::{Coverage, Fact},
    event::{Body, Mark, TaskFacts, Vector},
    model::World,
};

/// The iterators.
pub(in crate::check) static RULE: Rule = Rule {
    number: 68,
    id: "sweep-form",
    group: Group::Stream,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A sweep has a begin, the tasks by ascending numbers, the pids that processes have \
                and no task, and an end that counts the tasks; nobody acts in it, and sweeps count up by one.",
    source: "task_seq_get_next, find_ge_pid (kernel/bpf/task_iter.c, kernel/pid.c), iter_task and \
             iter_namespaces (the programs)",
    needs: &[Need::Fact(Fact::Snapshot)],
    weaker: None,
    exceptions: &[
        "an exec by a thread swaps the numbers of two tasks while the iterator is about to read one",
        "one task in detail is shown outside of a sweep, and is counted as one",
        "a sweep in which records were lost, or that began before the recording",
    ],
    trips: "a sweep's end counts another task than it has shown",
    near_miss: "a task that only /proc shows comes behind the others and is not counted",
};

/// Where in a sweep the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// At the beginning, or since a loss.
    #[default]
    Unknown,
    /// No sweep runs.
    Idle,
    /// The tasks.
    Tasks,
    /// What belongs to no task alone.
    Rest,
}

/// What is wrong unless one of these tasks has had its number swapped.
#[derive(Clone, Debug)]
struct Pending {
    tasks: [u64; 2],
    /// A birth with this pid as group or session explains it, up to the end of the sweep behind.
    pid: u64,
    generation: u64,
    finding: Finding,
}

/// The sweep so far.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    phase: Phase,
    generation: u64,
    shown: u64,
    /// The highest number, and whose it is.
    high: (i32, u64),
    begun: u64,
    pending: Vec<Pending>,
    held: Held,
    second: Second,
}

/// How far the times of two CPUs' records may lie apart, ns.
const SKEW: u64 = 1_000_000;
/// Findings that may wait at a time.
const MOST: usize = 64;

impl State {
    pub(super) fn new(coverage: &Coverage) -> Self {
        Self { held: Held::new(coverage), second: Second::new(coverage), ..Self::default() }
    }

    /// A record comes.
    #[inline]
    pub(super) fn note(&mut self, cx: &mut Cx<'_>) {
        if self.phase == Phase::Idle && !self.pending.is_empty() {
            self.judge(cx);
        }
        let body = &cx.event.body;
        let header = &cx.event.header;
        if cx.plain || !is_sweep(body) {
            let sweeping = matches!(self.phase, Phase::Tasks | Phase::Rest);
            if let Body::Lost(_) = body {
                self.held.forget();
                self.second.begin(false);
                let (held, second) = self.kept();
                *self = Self { held, second, ..Self::default() };
            } else {
                self.second.note(cx.event);
                self.held.note(cx.world, header, body, sweeping);
            }
            if let Body::Fork { task, .. } = body {
                self.pending
                    .retain(|it| it.pid == 0 || ![task.pgrp, task.session].contains(&it.pid));
            }
            return;
        }
        let nobody = (header.actor, header.actor_tid, header.actor_tgid) == (0, 0, 0);
        match body {
            Body::Snapshot { task, vector, generation, .. } => {
                self.task(cx, task, vector, *generation);
            }
            Body::SnapshotBegin(mark) => self.begin(cx, mark),
            Body::SnapshotEnd(mark) => self.end(cx, mark),
            _ => {
                self.test(cx, self.phase != Phase::Idle, || {
                    ("only a sweep shows this".into(), "no sweep runs".into())
                });
                if self.phase == Phase::Tasks {
                    self.phase = Phase::Rest;
                }
                if self.phase == Phase::Rest {
                    self.spaces(cx, body);
                }
                if let Body::HeldPid(facts) = body
                    && self.phase == Phase::Rest
                {
                    let nr = facts.vector.first().map_or(0, |upid| upid.nr);
                    match self.held.shown(cx, facts.pid.0, nr) {
                        Some((finding, true)) => self.pend(cx, Some(finding), facts.pid.0),
                        other => self.pend(cx, other.map(|(finding, _)| finding), 0),
                    }
                }
            }
        }
        self.test(cx, nobody, || {
            ("nobody acts in a sweep".into(), format!("{} acts", header.actor_tid))
        });
    }

    /// Nothing more comes.
    pub(super) fn finish(&mut self, cx: &mut Cx<'_>) {
        if self.phase != Phase::Idle {
            self.pending.retain(|pending| pending.tasks == [0; 2]);
        }
        self.pending.retain(|pending| pending.pid == 0);
        self.judge(cx);
    }

    fn kept(&mut self) -> (Held, Second) {
        (std::mem::take(&mut self.held), std::mem::take(&mut self.second))
    }

    fn begin(&mut self, cx: &mut Cx<'_>, mark: &Mark) {
        let (last, phase) = (self.generation, self.phase);
        let follows = phase == Phase::Unknown || mark.generation == last.wrapping_add(1);
        let first = matches!(phase, Phase::Unknown | Phase::Idle);
        let holds = follows && first && mark.tasks == 0 && mark.generation > 0;
        let (held, second) = self.kept();
        *self = Self {
            phase: Phase::Tasks,
            generation: mark.generation,
            begun: cx.event.header.ts.saturating_sub(SKEW),
            pending: std::mem::take(&mut self.pending),
            held,
            second,
            ..Self::default()
        };
        self.held.begin();
        self.second.begin(true);
        self.test(cx, holds, || {
            let read = format!("sweep {} with {} tasks", mark.generation, mark.tasks);
            (format!("sweep {} begins behind the end of {last}", last + 1), read)
        });
    }

    fn task(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, vector: &Vector, generation: u64) {
        let last = self.generation;
        let whole = vector.is_empty() || vector.len() == task.level as usize + 1;
        match self.phase {
            Phase::Unknown => return,
            // One task in detail: a sweep of its own.
            Phase::Idle => self.generation = self.generation.wrapping_add(1),
            Phase::Tasks | Phase::Rest => {}
        }
        let holds = whole && generation == self.generation && self.phase != Phase::Rest;
        self.test(cx, holds, || {
            let read = format!("a task of sweep {generation}, level {}", task.level);
            (format!("the tasks of sweep {last} before what else it shows"), read)
        });
        if self.phase != Phase::Tasks {
            return;
        }
        self.shown += 1;
        self.held.task(task);
        self.second.task(task, vector);
        let (number, key) = self.high;
        if task.tid > number {
            self.high = (task.tid, task.task);
        } else if self.pending.len() < MOST {
            let subject = Subject::task_named(task.task, task.tid, task.tgid);
            let expected = format!("tasks by ascending numbers, behind {number}");
            let finding = Finding::new(subject, expected, format!("task {}", task.tid));
            let generation = self.generation;
            self.pending.push(Pending { tasks: [task.task, key], pid: 0, generation, finding });
        }
    }

    /// The second pass shows namespaces, or what comes behind a task's.
    fn spaces(&mut self, cx: &mut Cx<'_>, body: &Body) {
        let finding = match body {
            Body::PidNs(facts) => {
                self.second.space(facts);
                None
            }
            Body::NsSet(facts) => self.second.set(cx.world, facts),
            _ => self.second.unclaimed(cx.world),
        };
        self.pend(cx, finding, 0);
    }

    fn end(&mut self, cx: &mut Cx<'_>, mark: &Mark) {
        let (generation, shown) = (self.generation, self.shown);
        let open = matches!(self.phase, Phase::Tasks | Phase::Rest);
        if self.phase != Phase::Unknown {
            let holds = open && (mark.generation, mark.tasks) == (generation, shown);
            self.test(cx, holds, || {
                let read = format!("sweep {} with {} tasks", mark.generation, mark.tasks);
                (format!("the end of sweep {generation}, with {shown} tasks"), read)
            });
            cx.test_alone(&RULE, !open || mark.generation == generation, || {
                let expected = format!("the end of sweep {generation}");
                Finding::new(Subject::record(), expected, format!("that of {}", mark.generation))
            });
            let finding = self.held.end(cx);
            self.pend(cx, finding.filter(|_| open), 0);
            let finding = self.second.end(cx);
            self.pend(cx, finding.filter(|_| open), 0);
            self.phase = Phase::Idle;
        }
    }

    fn pend(&mut self, cx: &mut Cx<'_>, finding: Option<Finding>, pid: u64) {
        match finding {
            None => cx.book.held(&RULE, 1),
            Some(finding) if self.pending.len() < MOST => {
                let generation = self.generation;
                self.pending.push(Pending { tasks: [0; 2], pid, generation, finding });
            }
            Some(_) => {}
        }
    }

    /// What cannot be excused; while nothing is certain yet, the end of this sweep is awaited.
    #[inline]
    fn test(&mut self, cx: &mut Cx<'_>, holds: bool, texts: impl FnOnce() -> (String, String)) {
        if holds {
            cx.book.held(&RULE, 1);
        } else if self.phase != Phase::Unknown && self.pending.len() < MOST {
            let (expected, observed) = texts();
            let finding = Finding::new(Subject::record(), expected, observed);
            let generation = self.generation;
            self.pending.push(Pending { tasks: [0; 2], pid: 0, generation, finding });
        }
    }

    /// Every swap that can explain something has been told by now.
    #[cold]
    fn judge(&mut self, cx: &mut Cx<'_>) {
        let begun = self.begun;
        let last = self.generation;
        let waits = |it: &Pending| it.pid != 0 && it.generation == last;
        let (waiting, over) = std::mem::take(&mut self.pending).into_iter().partition(waits);
        self.pending = waiting;
        let over: Vec<Pending> = over;
        for Pending { tasks, finding, .. } in over {
            let swapped = tasks.iter().any(|&key| is_swapped(cx.world, key, begun));
            cx.test(&RULE, swapped, || finding);
        }
    }
}

/// Whether a task may have changed its number since a time: by an exec of a thread, when the leader
/// has exited.
fn is_swapped(world: &World, key: u64, since: u64) -> bool {
    let Some(id) = world.at_key(key).filter(|_| key != 0) else { return false };
    world.is_grouped(id)
        && (!world.runs(id) || !world.runs(world.leader(id)) || world.exec_of(id) >= since)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::{Verdict, tests::script::Script},
        event::{Body, Event, TaskFacts},
    };

    /// A host whose sweeps show everything, from the first one on.
    fn whole() -> Script {
        let mut script = Script::new();
        script.events.clear();
        script.shows_held = true;
        script.sweep();
        script
    }

    /// Asserts that this rule holds, whatever others say.
    fn keeps(script: &Script) {
        assert_eq!(script.report().row(&RULE).unwrap().verdict, Verdict::Holds);
    }

    /// A history of three sweeps; the events of the last one, changed so.
    fn swept(change: impl Fn(&mut [Event])) -> Script {
        let mut script = whole();
        script.fork(10);
        script.fork(10);
        script.sweep();
        let from = script.events.len();
        script.sweep();
        change(&mut script.events[from..]);
        script.sweep();
        script
    }

    #[test]
    fn another_form_trips_it() {
        swept(|_| ()).holds(&RULE);
        swept(|sweep| {
            let Body::SnapshotEnd(mark) = &mut sweep.last_mut().unwrap().body else { panic!() };
            mark.tasks += 1;
        })
        .trips(&RULE);
        swept(|sweep| {
            let Body::SnapshotBegin(mark) = &mut sweep[0].body else { panic!() };
            mark.generation += 1;
        })
        .trips(&RULE);
        swept(|sweep| sweep[1].header.actor_tid = 10).trips(&RULE);
        swept(|sweep| {
            let Body::Snapshot { generation, .. } = &mut sweep[2].body else { panic!() };
            *generation -= 1;
        })
        .trips(&RULE);
        swept(|sweep| {
            let (left, right) = sweep.split_at_mut(3);
            std::mem::swap(&mut left[2].body, &mut right[0].body);
        })
        .trips(&RULE);
    }

    #[test]
    fn an_exec_by_a_thread_while_a_sweep_runs_is_near() {
        let mut script = whole();
        let leader = script.fork(10);
        let thread = script.thread(leader);
        let other = script.fork(10);
        script.sweep();
        let from = script.events.len();
        script.sweep();
        // the leader's number is the thread's when it is read
        let at = |script: &Script, tid: i32| {
            let is = |event: &Event| matches!(&event.body, Body::Snapshot { task, .. } if task.tid == tid);
            from + script.events[from..].iter().position(is).unwrap()
        };
        let (first, last) = (at(&script, leader), at(&script, other));
        assert!(first < last && leader < thread && thread < other);
        let Body::Snapshot { task, .. } = &mut script.events[first].body else { panic!() };
        task.tid = other + 1;
        let end = script.events.pop().unwrap();
        script.exec_by_thread(thread);
        script.append(end);
        script.sweep();
        keeps(&script);
    }

    #[test]
    fn what_only_proc_shows_is_not_counted() {
        let script = swept(|sweep| {
            let mut tasks = 0;
            for event in sweep {
                match &mut event.body {
                    Body::Snapshot { task: TaskFacts { tid: 100, .. }, from_proc, .. } => {
                        *from_proc = true;
                    }
                    Body::Snapshot { .. } => tasks += 1,
                    Body::SnapshotEnd(mark) => mark.tasks = tasks,
                    _ => {}
                }
            }
        });
        keeps(&script);
    }
}
