//! A toy kernel that obeys the rules of the real ones, release by release, and writes exactly the
//! records that the BPF programs would deliver on it, under each plan.
//!
//! What is true is kept beside ([`Truth`]), so that tables, checks and views can be held against
//! it. Everything follows from a seed.

mod attach;
mod boot;
mod choose;
mod compare;
mod coverage;
mod exec;
mod exit;
mod flight;
mod fork;
mod kernel;
mod number;
mod odds;
mod perform;
mod random;
mod read;
mod release;
mod ring;
mod session;
mod spaces;
mod sweep;
mod table;
#[cfg(test)]
mod tests;
mod trace;
mod truth;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::coverage::Plan;
use crate::event::Event;
use flight::Flight;
use random::Random;
use ring::Ring;
use table::Slab;

pub use kernel::{Ino, KERNELS, Kernel, NsIds};
pub use table::Id;
pub use truth::{Group, Ns, Pid, Proxy, Space, Task, Truth};

/// Steps in which nothing happens, at most, before a sweep.
const BARREN: u32 = 256;

/// How long a grace period takes where nothing happens, ns.
const GRACE: u64 = 20_000_000;

/// Time in which nothing happens, at most, ns.
const PAUSE: usize = 2_500_000_000;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// Decides everything that is left open.
    pub seed: u64,
    /// The hooks that there are.
    pub plan: Plan,
    /// The kernel.
    pub kernel: Kernel,
    /// CPUs, from 1.
    pub cpus: u16,
    /// `kernel.pid_max` of the initial namespace, from 400 to 4,194,304.
    pub pid_max: i32,
    /// The share of records that are lost, in bursts: 0.01 is one in a hundred.
    pub lose: f64,
    /// Events between two sweeps; 0 for none behind the first. A loss is followed by one anyway.
    pub sweep_every: u64,
    /// Tasks that live at a time, roughly.
    pub tasks: usize,
    /// Whether `alloc_pid` may free a pid that it has never returned, as it may since 7.0.
    pub faults: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            plan: Plan::Trampoline,
            kernel: Kernel::default(),
            cpus: 2,
            pid_max: 32_768,
            lose: 0.0,
            sweep_every: 0,
            tasks: 40,
            faults: false,
        }
    }
}

/// What waits for the end of a grace period.
#[derive(Clone, Copy, Debug)]
enum Callback {
    FreeTask(Id<Task>),
    PutPid(Id<Pid>),
    DestroyNs(Id<Ns>),
    FreeNs(Id<Ns>),
}

/// The toy kernel.
#[derive(Debug)]
pub struct Simulator {
    config: Config,
    random: Random,
    truth: Truth,
    ring: Ring,
    /// There are hooks on functions.
    functions: bool,
    flights: Vec<Flight>,
    /// Those that wait for something.
    parked: Vec<Flight>,
    spare: Vec<Flight>,
    waiting: VecDeque<(u64, Callback)>,
    /// Steps so far.
    tick: u64,
    task_slab: Slab,
    pid_slab: Slab,
    ns_slab: Slab,
    inums: Vec<u32>,
    free_inums: BinaryHeap<Reverse<u32>>,
    ino: u64,
    ns_id: u64,
    batches: Vec<u64>,
    user: Id<Ns>,
    proxy: Id<Proxy>,
    shell: Id<Task>,
    kthreadd: Id<Task>,
    tracer: Id<Task>,
    /// Namespaces that file descriptors hold.
    pins: Vec<Id<Ns>>,
    generation: u64,
    shown: u64,
    sweeping: bool,
    since_sweep: u64,
    /// Steps in which nothing has happened, since something did.
    barren: u32,
}

impl Simulator {
    /// A toy that has just been booted.
    pub fn new(config: Config) -> Self {
        let config = Config {
            cpus: config.cpus.max(1),
            pid_max: config.pid_max.clamp(400, 1 << 22),
            lose: if config.lose.is_finite() { config.lose.clamp(0.0, 0.9) } else { 0.0 },
            tasks: config.tasks.clamp(14, 1 << 20),
            ..config
        };
        let mut new = Self {
            config,
            random: Random::new(config.seed),
            truth: Truth::default(),
            ring: Ring::new(config.cpus, config.lose, 0),
            functions: config.plan != Plan::Tracepoint,
            flights: Vec::new(),
            parked: Vec::new(),
            spare: Vec::new(),
            waiting: VecDeque::new(),
            tick: 0,
            task_slab: Slab::default(),
            pid_slab: Slab::default(),
            ns_slab: Slab::default(),
            inums: Vec::new(),
            free_inums: BinaryHeap::new(),
            ino: if config.kernel.ino == Ino::None { 0 } else { 300 },
            ns_id: 0,
            batches: Vec::new(),
            user: truth::ROOT,
            proxy: Id::new(0),
            shell: truth::SWAPPER,
            kthreadd: truth::SWAPPER,
            tracer: truth::SWAPPER,
            pins: Vec::new(),
            generation: 0,
            shown: 0,
            sweeping: false,
            since_sweep: 0,
            barren: 0,
        };
        new.ring.now = new.start();
        new.boot(&config);
        new
    }

    /// What is true now.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Appends the next few events: those of some system calls, which several CPUs work on at the
    /// same time. Behind them nothing is in flight but what waits for something.
    pub fn step(&mut self, out: &mut Vec<Event>) {
        std::mem::swap(out, &mut self.ring.out);
        let before = self.ring.out.len();
        if self.generation == 0 {
            self.first_sweep();
        } else {
            self.burst();
        }
        let told = self.ring.out.len() - before;
        self.since_sweep += told as u64;
        self.barren = if told == 0 { self.barren + 1 } else { 0 };
        std::mem::swap(out, &mut self.ring.out);
    }

    /// Appends what is under way (grace periods end, losses are told), and a last sweep.
    pub fn settle(&mut self, out: &mut Vec<Event>) {
        std::mem::swap(out, &mut self.ring.out);
        self.run();
        self.ring.quiet();
        while !self.waiting.is_empty() {
            self.grace(true);
            self.run();
        }
        self.reveal();
        self.ring.settle();
        self.ring.lost = 0;
        self.ring.now += self.random.below(PAUSE) as u64;
        self.sweep();
        self.sweep_alone();
        // The sweep may be the first to be heard of a CPU whose last records were lost.
        while self.ring.settle() {
            self.sweep();
            self.sweep_alone();
        }
        self.ring.loud();
        std::mem::swap(out, &mut self.ring.out);
    }

    /// Nothing else happens, and nothing is lost.
    fn first_sweep(&mut self) {
        self.ring.quiet();
        self.sweep();
        self.sweep_alone();
        self.ring.loud();
    }

    fn sweep_alone(&mut self) {
        self.sweeping = false;
        self.run();
    }

    fn burst(&mut self) {
        // However the tasks may block each other: a history goes on.
        let due = self.barren >= BARREN
            || self.config.sweep_every > 0 && self.since_sweep >= self.config.sweep_every;
        let lost = self.ring.lost > 0 && self.random.percent(30);
        if lost {
            self.ring.settle();
            self.ring.lost = 0;
        }
        if (due || lost) && !self.sweeping {
            // A reader that has caught up is fast enough for a sweep.
            self.ring.quiet();
            self.sweep();
            self.run();
            self.ring.loud();
            return;
        }
        self.pass_time();
        let at_once = 1 + self.random.below(usize::from(self.config.cpus));
        let at_once = if self.random.percent(50) { 1 } else { at_once };
        for _ in 0..at_once {
            self.choose();
        }
        self.run();
    }

    /// Calls come in bursts, with pauses between them in which all tasks sleep: grace periods end
    /// soon then.
    fn pass_time(&mut self) {
        self.ring.now += self.random.below(100_000) as u64;
        if !self.random.percent(5) {
            return;
        }
        self.ring.now += GRACE;
        while !self.waiting.is_empty() {
            self.grace(true);
        }
        self.ring.now += self.random.below(PAUSE) as u64;
    }

    fn next_ino(&mut self) -> u64 {
        if self.config.kernel.ino == Ino::None {
            return 0;
        }
        self.ino += 1;
        self.ino
    }
}

/// A whole history of at least so many events: it begins with a sweep and ends with one.
pub fn history(config: Config, events: usize) -> Vec<Event> {
    let mut simulator = Simulator::new(config);
    let mut out = Vec::with_capacity(events + events / 8);
    while out.len() < events {
        simulator.step(&mut out);
    }
    simulator.settle(&mut out);
    out
}

/// A comm of a name.
fn comm(name: &str) -> [u8; 16] {
    let mut comm = [0; 16];
    comm.iter_mut().zip(name.bytes().take(15)).for_each(|(to, from)| *to = from);
    comm
}
