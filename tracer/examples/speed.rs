//! Measures the decoder and the tables: ns an event, bytes a live task, and saving and restoring.

#![expect(clippy::cast_precision_loss, reason = "what is measured is no more precise")]

#[path = "../tests/lifecycle/counting.rs"]
mod counting;
#[path = "../tests/lifecycle/records.rs"]
mod records;
#[path = "../tests/lifecycle/stream.rs"]
mod stream;

use std::hint::black_box;
use std::time::{Duration, Instant};

use stream::Host;
use tracer::event::{Body, Event, Header, Mark};
use tracer::model::{Change, World};
use tracer::stream::{decode, decode_into};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting::new();

fn best(mut run: impl FnMut() -> Duration) -> f64 {
    (0..5).map(|_| run().as_nanos() as f64).fold(f64::MAX, f64::min)
}

/// Records one behind the other.
#[derive(Default)]
struct Tape {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Tape {
    fn of(records: Vec<Vec<u8>>) -> Self {
        let mut tape = Self::default();
        for record in records {
            tape.bytes.extend(record);
            tape.ends.push(tape.bytes.len());
        }
        tape
    }

    fn records(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.bytes[std::mem::replace(&mut start, end)..end])
    }
}

/// Records of lives with so many live tasks, behind those that set them up.
fn lives(tasks: usize, events: usize) -> (Tape, Tape) {
    let mut host = Host::new();
    while host.live() < tasks {
        host.fork();
    }
    let setup = Tape::of(std::mem::take(&mut host.records));
    while host.records.len() < events {
        host.fork();
        host.end();
    }
    (setup, Tape::of(host.records))
}

fn fill(tape: &Tape) -> World {
    let (mut world, mut change) = (World::new(), Change::default());
    for record in tape.records() {
        world.apply_to(&decode(record).unwrap(), &mut change);
    }
    world
}

fn empty() -> Event {
    Event { header: Header::default(), body: Body::SnapshotBegin(Mark::default()) }
}

#[inline(never)]
fn read(tape: &Tape) {
    let mut event = empty();
    for record in tape.records() {
        decode_into(record, &mut event).unwrap();
        black_box(&event);
    }
}

#[inline(never)]
fn turn(tape: &Tape, world: &mut World, change: &mut Change) {
    let mut event = empty();
    for record in tape.records() {
        decode_into(record, &mut event).unwrap();
        world.apply_to(&event, change);
    }
}

fn speed(tasks: usize) {
    let events = std::env::args().nth(2).and_then(|count| count.parse().ok());
    let (setup, records) = lives(tasks, events.unwrap_or(400_000));
    let count = records.ends.len() as f64;
    let decoding = best(|| {
        let start = Instant::now();
        read(&records);
        start.elapsed()
    });
    let full = fill(&setup);
    let both = best(|| {
        let (mut world, mut change) = (full.clone(), Change::default());
        let start = Instant::now();
        turn(&records, &mut world, &mut change);
        start.elapsed()
    });
    let (decoding, both) = (decoding / count, both / count);
    println!(
        "{tasks:>8} live: decode {decoding:5.1} ns, decode and apply {both:5.1} ns an event = {:.1} M events/s",
        1000.0 / both
    );
}

fn size(tasks: usize) {
    let (setup, _) = lives(tasks, 0);
    let before = ALLOCATOR.live();
    let world = fill(&setup);
    let bytes = ALLOCATOR.live() - before;
    println!("{tasks:>8} live: {:.1} bytes a task", bytes as f64 / tasks as f64);
    let mut state = Vec::new();
    let saving = best(|| {
        state.clear();
        let start = Instant::now();
        world.save(&mut state);
        start.elapsed()
    });
    let restoring = best(|| {
        let start = Instant::now();
        black_box(World::restore(&state).unwrap());
        start.elapsed()
    });
    println!(
        "{tasks:>8} live: {:.1} bytes a task saved, {:.0} ns a task to save, {:.0} to restore",
        state.len() as f64 / tasks as f64,
        saving / tasks as f64,
        restoring / tasks as f64
    );
    if let Some(path) = std::env::args().nth(2) {
        std::fs::write(format!("{path}.{tasks}"), &state).unwrap();
    }
}

fn main() {
    let what = std::env::args().nth(1);
    let few = std::env::args().nth(2).is_some();
    for tasks in [1000, if few { 2000 } else { 100_000 }] {
        if what.as_deref() != Some("size") {
            speed(tasks);
        }
    }
    for tasks in [100_000, if few { 20_000 } else { 1_000_000 }] {
        if what.as_deref() != Some("speed") {
            size(tasks);
        }
    }
}
