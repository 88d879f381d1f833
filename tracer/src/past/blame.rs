//! Who is to blame: for zombies, for numbers that stay in use, for namespaces that stay, for forks
//! that fail.
//!
//! [`Blame`] takes every event and keeps little: what zombies that were reaped have cost, and the
//! forks that failed. What still stands at the end is read from the tables then.

mod failures;
mod held;
mod leaks;
mod limits;
mod sigchld;
mod zombies;

use super::facts::Named;
use crate::coverage::{Coverage, Fact};
use crate::event::{Body, Event};
use crate::model::{Change, Effect, TaskId, World};

pub use failures::{Failure, Failures, Refusal};
pub use held::{HeldPid, HeldPids};
pub use leaks::{Hold, Holder, Leak, Leaks};
pub use limits::{Breach, Limit, Limits};
pub use sigchld::SigChld;
pub use zombies::{Kept, Neglect, Standing, Why, Zombies};

/// Examples that are kept of who did something.
const EXAMPLES: usize = 3;

/// How late an end may be told that no hook tells: a task, and a namespace, is freed after an RCU
/// grace period and by a worker.
const LAG: u64 = 1_000_000_000;

/// Watches for blame: give it every event.
#[derive(Clone, Debug)]
pub struct Blame {
    sees: Sees,
    zombies: zombies::Watch,
    leaks: leaks::Watch,
    failures: failures::Watch,
}

/// What the hooks show of what matters here.
#[derive(Clone, Copy, Debug)]
struct Sees {
    /// Releases.
    release: bool,
    /// The ends of PID namespaces.
    ns_destroy: bool,
    /// `alloc_pid` and `free_pid`.
    pids: bool,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The time of the end, ns since boot.
    pub now: u64,
    /// Zombies, by who lets them stand.
    pub zombies: Zombies,
    /// Pids that cannot be freed because a group or a session uses them.
    pub held: HeldPids,
    /// Namespaces that were made under our eyes and are still there.
    pub leaks: Leaks,
    /// Forks that failed.
    pub failures: Failures,
    /// Nothing is missing that could have told of an end.
    pub certain: bool,
    /// How much too old a zombie may look, ns: releases are seen late without their hook.
    pub slack: u64,
}

impl Blame {
    /// Nothing seen yet, by these hooks.
    pub fn new(coverage: &Coverage) -> Self {
        let sees = Sees {
            release: coverage.sees(Fact::Release),
            ns_destroy: coverage.sees(Fact::NsDestroy),
            pids: coverage.sees(Fact::AllocPid) && coverage.sees(Fact::FreePid),
        };
        Self {
            sees,
            zombies: zombies::Watch::default(),
            leaks: leaks::Watch::default(),
            failures: failures::Watch::default(),
        }
    }

    /// Takes one event; `world` is as it left it.
    pub fn add(&mut self, world: &World, event: &Event, change: &Change) {
        let ts = event.header.ts;
        for effect in &change.effects {
            match *effect {
                Effect::Found(task) => self.zombies.found(world, task, ts),
                Effect::Released { task, inferred, .. } => {
                    let sure = !inferred || !self.sees.release && is_certain(world);
                    self.zombies.released(world, task, ts, sure);
                }
                Effect::Vanished(task) => self.zombies.forget(task),
                Effect::Reparented(reparent) => {
                    self.zombies.handed_on(world, reparent.child, reparent.from, ts);
                }
                Effect::Traced { task, tracer: None } => {
                    let by = world.at_key(event.header.actor);
                    self.zombies.handed_on(world, task, by, ts);
                }
                Effect::Exited(task) => self.leaks.exited(world, task, ts),
                Effect::NsDestroyed(ns) => self.leaks.destroyed(world, ns, ts),
                Effect::NsEntered { from: Some(ns), .. } => self.leaks.let_go(world, ns, ts),
                Effect::PidFreed { pid, .. } => self.zombies.freed(world, pid, ts),
                _ => (),
            }
        }
        match &event.body {
            Body::Fork { .. } => self.failures.forked(event),
            Body::FreePid(_) => self.failures.freed(world, event, change),
            Body::AllocFail(fail) => self.failures.refused(world, event, fail),
            Body::ForkFail(fail) => self.failures.failed(world, event, fail, self.sees.pids),
            _ => (),
        }
    }

    /// The events have ended.
    pub fn finish(mut self, world: &World, now: u64) -> Findings {
        self.failures.finish(world);
        Findings {
            now,
            zombies: self.zombies.finish(world, now),
            held: held::find(world, now),
            leaks: leaks::find(world, now, self.sees, &self.leaks),
            failures: self.failures.found(),
            certain: is_certain(world),
            slack: if self.sees.release { 0 } else { LAG },
        }
    }
}

impl Findings {
    /// Asks what the parents of standing zombies do with SIGCHLD, where they still live: `read`
    /// answers the text of `/proc/PID/status` of a level-0 number.
    pub fn ask(&mut self, mut read: impl FnMut(i32) -> Option<Vec<u8>>) {
        for parent in &mut self.zombies.parents {
            if let Some(named) = parent.parent.filter(|_| parent.left > 0) {
                parent.sigchld = read(named.tgid).and_then(|text| SigChld::of_status(&text));
            }
        }
    }
}

/// No loss is unrepaired.
fn is_certain(world: &World) -> bool {
    world.losses() == 0 || world.certain_since().is_some()
}

/// Adds the process of a task to examples, once.
fn exemplify(examples: &mut Vec<Named>, named: Option<Named>) {
    if let Some(named) = named
        && examples.len() < EXAMPLES
        && examples.iter().all(|it| it.tgid != named.tgid)
    {
        examples.push(named);
    }
}

/// The process of a task, for examples.
fn process(world: &World, task: TaskId) -> Option<Named> {
    Named::process(world, task)
}
