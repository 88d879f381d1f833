//! Streams of records as a busy host writes them, from a seed: for tests and measurements.
//!
//! Workers fork children, most of which exec, exit, and are reaped by their parent; some workers
//! live in a PID namespace below the host's, some make threads. Slabs give objects out again after
//! a while, as the kernel's do.

mod record;

use std::collections::{BinaryHeap, VecDeque};

use record::{Bytes, Person};

/// What sort of stream.
#[derive(Clone, Copy, Debug)]
pub struct Mix {
    /// CPUs.
    pub cpus: u16,
    /// Tasks that fork.
    pub workers: usize,
    /// How many of 100 children exec.
    pub exec: u64,
    /// How many of 100 workers live in a PID namespace of their own.
    pub nested: u64,
    /// How many of 100 workers make threads.
    pub threads: u64,
}

impl Default for Mix {
    fn default() -> Self {
        Self { cpus: 4, workers: 24, exec: 40, nested: 20, threads: 15 }
    }
}

/// Numbers from a seed (splitmix64).
#[derive(Clone, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// Whether one of `percent` in 100 happens.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time around `mean`, rarely much longer.
    fn around(&mut self, mean: u64) -> u64 {
        let halvings = self.number().leading_zeros().min(5);
        mean / 2 + (self.below(mean) << halvings) / 2
    }
}

/// Cookies of freed objects, given out again after a while.
#[derive(Debug, Default)]
struct Slab(VecDeque<u64>);

impl Slab {
    fn get(&mut self, random: &mut Random) -> u64 {
        if self.0.len() < 24 || random.percent(2) {
            return random.number() | 1;
        }
        let near = random.below(6) as usize;
        self.0.swap_remove_front(near).unwrap_or(1)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Fork(usize),
    Born(usize, Box<Person>),
    Rename(Box<Person>),
    Exec(Box<Person>),
    Aside(Box<Person>),
    Exit(usize, Box<Person>),
    Release(usize, Box<Person>),
    FreePid(usize, Box<Person>),
    FreeTask(Box<Person>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Due {
    time: u64,
    order: u64,
    cpu: u16,
    step: Step,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.time, other.order).cmp(&(self.time, self.order))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// A stream without end.
#[derive(Debug)]
pub struct Sample {
    mix: Mix,
    random: Random,
    due: BinaryHeap<Due>,
    order: u64,
    workers: Vec<Person>,
    tasks: Slab,
    pids: Slab,
    next_nr: i32,
    next_inner: Vec<i32>,
    ino: u64,
    seqs: Vec<u32>,
    /// Until when, and for which step, a CPU does nothing else.
    held: Vec<(u64, u64)>,
    /// The record that was made last.
    bytes: Bytes,
}

const NAMES: [&str; 12] = [
    "sh",
    "make",
    "cc1",
    "as",
    "ld",
    "git",
    "python3",
    "grep",
    "sed",
    "node",
    "kworker/0:1",
    "runc",
];

impl Sample {
    /// The stream of a seed.
    pub fn new(seed: u64, mix: Mix) -> Self {
        let mut new = Self {
            mix,
            random: Random(seed),
            due: BinaryHeap::new(),
            order: 0,
            workers: vec![],
            tasks: Slab::default(),
            pids: Slab::default(),
            next_nr: 3000,
            next_inner: vec![],
            ino: 90_000,
            seqs: vec![0; usize::from(mix.cpus)],
            held: vec![(0, 0); usize::from(mix.cpus)],
            bytes: Bytes::default(),
        };
        let start = 1_000_000_000_000;
        let host = Person::host(&mut new.random);
        for index in 0..mix.workers {
            let mut worker = host.clone();
            let nested = (new.random.percent(mix.nested)).then(|| new.random.number());
            new.next_inner.push(2);
            worker.make_worker(index, nested, NAMES[index % NAMES.len()], &mut new.random);
            worker.threads = new.random.percent(mix.threads);
            new.workers.push(worker);
            let wait = new.random.below(4_000_000);
            let cpu = new.any_cpu();
            new.add(start + wait, cpu, Step::Fork(index));
        }
        new
    }

    /// The next record.
    pub fn record(&mut self) -> &[u8] {
        self.bytes.clear();
        while self.bytes.is_empty() {
            let Some(mut due) = self.due.pop() else { break };
            let held = self.held.get(usize::from(due.cpu)).copied().unwrap_or_default();
            if due.time < held.0 && due.order != held.1 {
                due.time = held.0 + 500;
                self.due.push(due);
                continue;
            }
            if let Some(seq) = self.seqs.get_mut(usize::from(due.cpu)) {
                *seq += 1;
                self.bytes.moment(due.time - self.random.below(200), *seq, due.cpu);
            }
            self.step(due);
        }
        self.bytes.as_slice()
    }

    fn any_cpu(&mut self) -> u16 {
        self.random.below(u64::from(self.mix.cpus)) as u16
    }

    fn add(&mut self, time: u64, cpu: u16, step: Step) {
        self.order += 1;
        self.due.push(Due { time, order: self.order, cpu, step });
    }

    /// Like [`add`](Self::add), for a step that follows at once: nothing else runs until then.
    fn hold(&mut self, time: u64, cpu: u16, step: Step) {
        self.add(time, cpu, step);
        if let Some(held) = self.held.get_mut(usize::from(cpu)) {
            *held = (time, self.order);
        }
    }

    fn after(&mut self, mean: u64) -> u64 {
        self.random.around(mean)
    }

    fn step(&mut self, due: Due) {
        let Due { time, cpu, step, .. } = due;
        match step {
            Step::Fork(worker) => self.fork(time, cpu, worker),
            Step::Born(worker, child) => self.born(time, cpu, worker, child),
            Step::Rename(child) => {
                self.bytes.rename(&child);
                let soon = time + self.after(30_000);
                self.hold(soon, cpu, Step::Exec(child));
            }
            Step::Exec(child) => self.bytes.exec(&child, self.random.below(1 << 40)),
            Step::Aside(child) => match self.random.below(4) {
                0 => self.bytes.cred(&child),
                1 => self.bytes.change_pid(&child),
                2 => self.bytes.syscall(&child),
                _ => self.bytes.ns_set(&child),
            },
            Step::Exit(worker, child) => self.exit(time, cpu, worker, child),
            Step::Release(worker, child) => {
                let reaper = self.workers.get(worker).cloned().unwrap_or_default();
                self.bytes.release(&child, if child.is_thread { &child } else { &reaper });
                let soon = time + self.after(1500);
                self.hold(soon, cpu, Step::FreePid(worker, child));
            }
            Step::FreePid(worker, child) => {
                let reaper = self.workers.get(worker).cloned().unwrap_or_default();
                self.bytes.free_pid(&child, if child.is_thread { &child } else { &reaper });
                self.pids.0.push_back(child.pid);
                // Grace periods end for all that wait.
                let grace = (time / 9_000_000 + 2) * 9_000_000 + self.order % 5000 * 300;
                self.add(grace, cpu, Step::FreeTask(child));
            }
            Step::FreeTask(child) => {
                self.tasks.0.push_back(child.task);
                self.bytes.free_task(&child);
            }
        }
    }

    fn fork(&mut self, time: u64, cpu: u16, worker: usize) {
        let Some(parent) = self.workers.get(worker) else { return };
        let mut child = parent.child();
        child.task = self.tasks.get(&mut self.random);
        child.pid = self.pids.get(&mut self.random);
        self.next_nr = if self.next_nr > 32_000 { 300 } else { self.next_nr + 1 };
        self.ino += 1;
        child.ino = self.ino;
        let inner = self.next_inner.get_mut(worker);
        let inner = inner.map_or(0, |inner| {
            *inner += 1;
            *inner
        });
        child.number(self.next_nr, inner);
        child.start = time + self.random.around(15_000);
        self.bytes.alloc_pid(&child, parent);
        let soon = time + self.after(40_000);
        self.hold(soon, cpu, Step::Born(worker, Box::new(child)));
    }

    fn born(&mut self, time: u64, cpu: u16, worker: usize, child: Box<Person>) {
        if let Some(parent) = self.workers.get(worker) {
            self.bytes.fork(&child, parent);
        }
        let other = if child.is_thread { cpu } else { self.any_cpu() };
        let mut child = child;
        let mut life = time + self.after(800_000);
        if !child.is_thread && self.random.percent(self.mix.exec) {
            child.comm = record::comm(NAMES[self.random.below(NAMES.len() as u64) as usize]);
            let begin = time + self.after(200_000);
            self.add(begin, other, Step::Rename(child.clone()));
            life = begin + 300_000 + self.after(3_000_000);
        }
        if self.random.percent(5) {
            self.add(life - 1, other, Step::Aside(child.clone()));
        }
        self.add(life, other, Step::Exit(worker, child));
    }

    fn exit(&mut self, time: u64, cpu: u16, worker: usize, mut child: Box<Person>) {
        child.code = match self.random.below(20) {
            0 => 256,
            1 => 15,
            _ => 0,
        };
        self.bytes.exit(&child);
        let home = if child.is_thread { cpu } else { self.any_cpu() };
        let reaped = time + self.after(if child.is_thread { 3000 } else { 60_000 });
        if child.is_thread {
            self.hold(reaped, home, Step::Release(worker, child));
        } else {
            self.add(reaped, home, Step::Release(worker, child));
        }
        let next = reaped + self.after(100_000);
        self.add(next, home, Step::Fork(worker));
    }
}
