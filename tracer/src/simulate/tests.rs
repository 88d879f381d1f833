//! The tables are held against the toy.

use super::{Config, KERNELS, Kernel, Simulator};
use crate::coverage::Plan;
use crate::event::{Body, Event};
use crate::model::{self, Change, Sees, World};

/// Tables that take in what a toy does.
struct Watch {
    toy: Simulator,
    world: World,
    change: Change,
    events: Vec<Event>,
    seen: usize,
}

impl Watch {
    fn new(config: Config) -> Self {
        let toy = Simulator::new(config);
        let sees = if config.plan == Plan::Tracepoint { Sees::TRACEPOINTS } else { Sees::ALL };
        let world = World::with(model::Config { sees, ..model::Config::default() });
        Self { toy, world, change: Change::default(), events: Vec::new(), seen: 0 }
    }

    fn step(&mut self, settle: bool) {
        if settle {
            self.toy.settle(&mut self.events);
        } else {
            self.toy.step(&mut self.events);
        }
    }

    /// Takes in what has come; says what cannot be.
    fn take(&mut self, strict: bool) -> Result<(), String> {
        for event in &self.events[self.seen..] {
            self.world.apply_to(event, &mut self.change);
            if let Some(what) = self.change.impossible.as_ref().filter(|_| strict) {
                return Err(format!("{what:?} at {event:?}"));
            }
        }
        self.seen = self.events.len();
        Ok(())
    }

    fn fail(&self, why: &str) -> ! {
        // As many as led to it, for a look with --nocapture.
        self.events.iter().rev().take(40).rev().for_each(|event| println!("{event:?}"));
        panic!("{why}, behind {} events of {:?}", self.events.len(), self.toy.config);
    }
}

fn follow(config: Config, events: usize) {
    let mut watch = Watch::new(config);
    while watch.events.len() < events {
        watch.step(false);
        let taken = watch.take(true).and_then(|()| watch.world.check_consistency());
        let same = taken.and_then(|()| match config.plan {
            Plan::Tracepoint => Ok(()),
            _ => watch.toy.truth().compare(&watch.world),
        });
        if let Err(why) = same {
            watch.fail(&why);
        }
    }
    watch.step(true);
    let same = watch.take(true).and_then(|()| watch.toy.truth().compare(&watch.world));
    if let Err(why) = same {
        watch.fail(&why);
    }
}

fn seeds(few: u64) -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(few)
}

#[test]
fn the_tables_equal_the_toy_behind_every_step_under_function_hooks() {
    for kernel in KERNELS {
        for seed in 0..seeds(6) {
            follow(Config { seed, kernel, cpus: 1, ..Config::default() }, 800);
        }
    }
}

#[test]
fn the_tables_equal_the_toy_whatever_the_cpus_do_at_once() {
    for kernel in KERNELS {
        for seed in 0..seeds(6) {
            let config = Config { seed, kernel, cpus: 4, sweep_every: 300, ..Config::default() };
            follow(config, 800);
        }
    }
}

#[test]
fn under_tracepoints_alone_the_tables_equal_the_toy_behind_a_sweep() {
    for kernel in KERNELS {
        for seed in 0..seeds(6) {
            let plan = Plan::Tracepoint;
            follow(Config { seed, kernel, plan, cpus: 2, ..Config::default() }, 600);
        }
    }
}

/// A leader waits in `zap_pid_ns_processes` while its last thread is reaped.
#[test]
fn an_init_that_waits_for_its_members_keeps_them() {
    let kernel = Kernel::named("6.18").unwrap();
    let plan = Plan::Tracepoint;
    follow(Config { seed: 56, kernel, plan, cpus: 2, ..Config::default() }, 600);
}

#[test]
fn a_sweep_behind_losses_makes_the_tables_true_again() {
    for kernel in KERNELS {
        for seed in 0..seeds(3) {
            for plan in [Plan::Trampoline, Plan::Tracepoint] {
                let lose = [0.002, 0.02, 0.2][seed as usize % 3];
                let config = Config { seed, plan, kernel, lose, ..Config::default() };
                let mut watch = Watch::new(Config { sweep_every: 200, ..config });
                while watch.events.len() < 600 {
                    watch.step(false);
                    let taken = watch.take(false).and_then(|()| watch.world.check_consistency());
                    taken.unwrap_or_else(|why| watch.fail(&why));
                }
                watch.step(true);
                let taken = watch.take(false);
                let same = taken.and_then(|()| watch.toy.truth().compare(&watch.world));
                same.unwrap_or_else(|why| watch.fail(&why));
                assert!(watch.world.certain_since().is_some());
            }
        }
    }
}

#[test]
fn every_loss_is_told_when_a_history_ends() {
    for seed in 0..seeds(30) {
        let lose = [0.02, 0.2][seed as usize % 2];
        let mut watch = Watch::new(Config { seed, lose, cpus: 4, ..Config::default() });
        while watch.events.len() < 300 {
            watch.step(false);
        }
        watch.step(true);
        let told = watch.events.iter().map(|event| match &event.body {
            Body::Lost(lost) => lost.count,
            _ => 1,
        });
        let (told, taken) = (told.sum::<u64>(), watch.toy.ring.taken());
        assert_eq!(told, taken, "seed {seed}");
    }
}

/// A vfork waits for an exec, the exec for its tracer to reap a thread, and the tracer is in vfork.
#[test]
fn tasks_that_wait_for_each_other_do_not_stop_a_history() {
    let (seed, kernel) = (10_665_226_687_454_314_004, Kernel::named("5.10").unwrap());
    let plan = Plan::Tracepoint;
    for lose in [0.002, 0.02] {
        let config = Config { seed, plan, kernel, cpus: 4, lose, tasks: 16, ..Config::default() };
        let mut watch = Watch::new(Config { sweep_every: 75, ..config });
        for _ in 0..20_000 {
            watch.step(false);
        }
        assert!(watch.events.len() > 20_000, "{}", watch.events.len());
    }
}
