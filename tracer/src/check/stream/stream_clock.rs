//! Rule 66: the records' times fit their order.

use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, settle::is_sweep, violation::Finding},
    event::{Body, Header},
};

/// Times.
pub(in crate::check) static RULE: Rule = Rule {
    number: 66,
    id: "stream-clock",
    group: Group::Stream,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The times of what one task or one sweep writes do not go back by 1 ms, and not at \
                all on one CPU, as those of what a CPU writes for nobody in particular; no record \
                comes twice, none is 1 s older than one before it in the ring, and no task is born \
                after the record of its birth.",
    source: "ktime_get_boot_fast_ns (kernel/time/timekeeping.c), emit (the programs)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "the clock may be read a little before or after the reservation, and interrupts or other \
         tasks of the CPU may come between: up to a second is theirs",
        "the fast clock may step back by some ns, or more on another CPU",
        "a clock that is so coarse that different records have the same time",
    ],
    trips: "a record whose time lies 2 s back",
    near_miss: "a record that was interrupted after its reservation, so that the next one is older",
};

/// How far a task's own time may go back, ns: the clocks of CPUs are as one within far less, but the
/// fast clock may be off by as much as its rate was corrected since the last tick.
const STEP: u64 = 1_000_000;
/// How far it may go back on one CPU, ns: the fast clock is updated by an interrupt.
const SLIP: u64 = 100;
/// Who writes a sweep: one task, but no record says which.
const SWEEPER: u64 = u64::MAX;
/// How far a record's time may lie before that of its forerunners, ns: a program of some µs is not
/// held up so long between its clock and its place.
const FAR: u64 = 1_000_000_000;
/// Places for the latest times of tasks.
const ACTORS: usize = 1024;

/// The latest times.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The latest time of all.
    latest: u64,
    /// The latest record of a task, in the place of its key.
    actors: Box<[Last]>,
    /// Different records have the same time.
    coarse: bool,
}

/// What a task wrote last.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    actor: u64,
    ts: u64,
    /// The object that it was about.
    about: (u64, u64),
    kind: u16,
    cpu: u16,
}

impl Default for State {
    fn default() -> Self {
        let actors = vec![Last::default(); ACTORS].into_boxed_slice();
        Self { latest: 0, actors, coarse: false }
    }
}

impl State {
    /// A part of the stream is missing.
    pub(super) fn torn(&mut self) {
        self.latest = 0;
    }

    /// A record comes.
    #[inline]
    pub(super) fn note(&mut self, cx: &mut Cx<'_>) {
        let header = &cx.event.header;
        let near = header.ts.saturating_add(FAR) > self.latest;
        let latest = self.latest;
        cx.test_alone(&RULE, near, || {
            Finding::new(
                Subject::record(),
                format!("a time near {latest} ns"),
                format!("{} ns, {} s before", header.ts, (latest - header.ts) / FAR),
            )
        });
        self.latest = if near { latest.max(header.ts) } else { header.ts };
        self.by(cx);
        if let Body::Fork { task, .. } = &cx.event.body {
            cx.test_alone(&RULE, task.start <= header.ts.saturating_add(STEP), || {
                Finding::new(
                    Subject::task_named(task.task, task.tid, task.tgid),
                    format!("a start before {} ns", header.ts),
                    format!("{} ns", task.start),
                )
            });
        }
    }

    /// A task's own time.
    #[inline]
    fn by(&mut self, cx: &mut Cx<'_>) {
        let header = &cx.event.header;
        let actor = match header.actor {
            0 if is_sweep(&cx.event.body) => SWEEPER,
            0 => u64::from(header.cpu) + 1,
            actor => actor,
        };
        let Header { ts, kind, cpu, .. } = *header;
        let now = Last { actor, ts, about: cx.book.recent.keys(), kind, cpu };
        let at = (actor.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % ACTORS;
        let Some(place) = self.actors.get_mut(at) else { return };
        let last = std::mem::replace(place, now);
        let same = last.actor == actor;
        let slip = if last.cpu == cpu { SLIP } else { STEP };
        let ordered = !same || ts.saturating_add(slip) > last.ts;
        cx.test_alone(&RULE, ordered, || {
            Finding::new(
                Subject::task_named(header.actor, header.actor_tid, header.actor_tgid),
                format!("no time before {} ns, that of what it did last", last.ts),
                format!("{ts} ns"),
            )
        });
        if same && ts == last.ts && cpu == last.cpu {
            let twin = kind == last.kind && now.about == last.about;
            self.coarse |= !twin;
            cx.test_alone(&RULE, !twin || self.coarse, || {
                let observed = format!("two such records at {ts} ns");
                Finding::new(Subject::record(), "every record once", observed)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::script::Script;

    /// Two tasks that act in turn; all times are of a host that has run for long.
    fn turns() -> Script {
        let mut script = Script::new();
        let (left, right) = (script.fork(10), script.fork(10));
        for _ in 0..3 {
            script.rename(left, *b"left");
            script.rename(right, *b"rite");
        }
        script
    }

    fn later(mut script: Script) -> Script {
        for event in &mut script.events {
            event.header.ts += 5 * FAR;
            if let Body::Fork { task, .. } | Body::Snapshot { task, .. } = &mut event.body {
                task.start += 5 * FAR;
            }
            if let Body::Exec(exec) = &mut event.body {
                exec.facts.start += 5 * FAR;
            }
        }
        script
    }

    #[test]
    fn a_time_that_is_far_from_its_neighbours_trips_it() {
        let mut script = later(turns());
        script.last().header.ts -= 2 * FAR;
        script.trips(&RULE);
        let mut script = later(turns());
        let at = script.events.len() - 3;
        script.events[at].header.ts += 2 * FAR;
        script.trips(&RULE);
    }

    #[test]
    fn a_tasks_own_time_that_goes_back_trips_it() {
        let mut script = later(turns());
        script.last().header.ts -= 2 * STEP;
        script.trips(&RULE);
    }

    #[test]
    fn what_one_cpu_writes_for_one_task_in_another_order_or_twice_trips_it() {
        let mut script = later(turns());
        let at = script.events.len() - 3;
        script.events[at].header.ts = script.events[at + 2].header.ts + 2 * SLIP;
        script.trips(&RULE);
        let mut script = later(turns());
        let mut copy = script.events[at].clone();
        copy.header.seq += 1;
        for event in &mut script.events[at + 1..] {
            event.header.seq += 1;
        }
        script.events.insert(at + 1, copy);
        script.trips(&RULE);
    }

    #[test]
    fn a_birth_before_the_start_trips_it() {
        let mut script = Script::new();
        script.fork(10);
        if let Body::Fork { task, .. } = &mut script.last().body {
            task.start += 5 * STEP;
        }
        script.trips(&RULE);
    }

    #[test]
    fn an_interrupted_record_does_not() {
        let mut script = later(turns());
        let at = script.events.len() - 3;
        script.events[at].header.ts += SLIP / 2;
        script.holds(&RULE);
        let mut script = later(turns());
        let at = script.events.len() - 2;
        script.events[at].header.ts += 20 * STEP;
        script.holds(&RULE);
    }
}
