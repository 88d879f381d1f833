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
use tracer::model::{Change, World};
use tracer::stream::decode;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting::new();

fn best(mut run: impl FnMut() -> Duration) -> f64 {
    (0..5).map(|_| run().as_nanos() as f64).fold(f64::MAX, f64::min)
}

/// Records of lives with so many live tasks, behind those that set them up.
fn lives(tasks: usize, events: usize) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut host = Host::new();
    while host.live() < tasks {
        host.fork();
    }
    let setup = std::mem::take(&mut host.records);
    while host.records.len() < events {
        host.fork();
        host.end();
    }
    (setup, host.records)
}

fn fill(records: &[Vec<u8>]) -> World {
    let (mut world, mut change) = (World::new(), Change::default());
    for record in records {
        world.apply_to(&decode(record).unwrap(), &mut change);
    }
    world
}

fn speed(tasks: usize) {
    let (setup, records) = lives(tasks, 400_000);
    let count = records.len() as f64;
    let decoding = best(|| {
        let start = Instant::now();
        for record in &records {
            black_box(decode(record).unwrap());
        }
        start.elapsed()
    });
    let full = fill(&setup);
    let both = best(|| {
        let (mut world, mut change) = (full.clone(), Change::default());
        let start = Instant::now();
        for record in &records {
            world.apply_to(&decode(record).unwrap(), &mut change);
        }
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
    if let Some(path) = std::env::args().nth(1) {
        std::fs::write(format!("{path}.{tasks}"), &state).unwrap();
    }
}

fn main() {
    for tasks in [1000, 100_000] {
        speed(tasks);
    }
    for tasks in [100_000, 1_000_000] {
        size(tasks);
    }
}
