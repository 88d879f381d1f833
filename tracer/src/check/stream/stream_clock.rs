//! Rule 66: the records' times fit their order.

use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::{Body, Header},
};

/// Times.
pub(in crate::check) static RULE: Rule = Rule {
    number: 66,
    id: "stream-clock",
    group: Group::Stream,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The times of what one task writes, and of what a CPU writes for nobody in \
                particular, do not go back by 1 ms, no record is 1 s older than one before it in \
                the ring, and no task is born after the record of its birth.",
    source: "ktime_get_boot_fast_ns (kernel/time/timekeeping.c), emit (the programs)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "the clock may be read a little before or after the reservation, and interrupts or other \
         tasks of the CPU may come between: up to a second is theirs",
        "the fast clock may step back by some ns on another CPU",
    ],
    trips: "a record whose time lies 2 s back",
    near_miss: "a record that was interrupted after its reservation, so that the next one is older",
};

/// How far a task's own time may go back, ns: the clocks of CPUs are as one within far less.
const STEP: u64 = 1_000_000;
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
    /// The latest time of a task, in the place of its key.
    actors: Box<[(u64, u64)]>,
}

impl Default for State {
    fn default() -> Self {
        Self { latest: 0, actors: vec![(0, 0); ACTORS].into_boxed_slice() }
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
        cx.test(&RULE, near, || {
            Finding::new(
                Subject::record(),
                format!("a time near {latest} ns"),
                format!("{} ns, {} s before", header.ts, (latest - header.ts) / FAR),
            )
        });
        self.latest = if near { latest.max(header.ts) } else { header.ts };
        if header.actor != 0 {
            self.by(cx, header);
        }
        if let Body::Fork { task, .. } = &cx.event.body {
            cx.test(&RULE, task.start <= header.ts.saturating_add(STEP), || {
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
    fn by(&mut self, cx: &mut Cx<'_>, header: &Header) {
        let at = (header.actor.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % ACTORS;
        let Some(place) = self.actors.get_mut(at) else { return };
        let (actor, before) = *place;
        let ordered = actor != header.actor || header.ts.saturating_add(STEP) > before;
        cx.test(&RULE, ordered, || {
            Finding::new(
                Subject::task_named(header.actor, header.actor_tid, header.actor_tgid),
                format!("no time before {before} ns, that of what it did last"),
                format!("{} ns", header.ts),
            )
        });
        *place = (header.actor, header.ts);
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
        script.events[at].header.ts += STEP / 2;
        script.holds(&RULE);
        let mut script = later(turns());
        let at = script.events.len() - 2;
        script.events[at].header.ts += 20 * STEP;
        script.holds(&RULE);
    }
}
