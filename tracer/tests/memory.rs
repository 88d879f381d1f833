//! What the tables take, as an allocator counts it.

#[path = "lifecycle/counting.rs"]
mod counting;
#[path = "lifecycle/records.rs"]
mod records;
#[path = "lifecycle/stream.rs"]
mod stream;

use std::sync::Mutex;

use counting::Counting;
use stream::Host;
use tracer::event::Event;
use tracer::model::{Change, Config, World};
use tracer::stream::{decode, decode_into};

#[global_allocator]
static ALLOCATOR: Counting = Counting::new();

/// The tests count what the whole process allocates: one at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Applies what the host has written, and forgets it. Answers by how much the tables have grown.
fn apply(world: &mut World, host: &mut Host, event: &mut Event, change: &mut Change) -> isize {
    let before = ALLOCATOR.live();
    for record in &host.records {
        decode_into(record, event).unwrap();
        world.apply_to(event, change);
        assert_eq!(change.impossible, None, "{event:?}");
    }
    let grown = ALLOCATOR.live() as isize - before as isize;
    host.records.clear();
    grown
}

#[test]
fn a_live_task_takes_150_bytes() {
    const TASKS: usize = 100_000;
    let _alone = ALONE.lock().unwrap();
    let mut host = Host::new();
    while host.live() < TASKS {
        host.fork();
    }
    let records = std::mem::take(&mut host.records);
    drop(host);
    let before = ALLOCATOR.live();
    let (mut world, mut change) = (World::new(), Change::default());
    for record in &records {
        world.apply_to(&decode(record).unwrap(), &mut change);
    }
    drop(change);
    let bytes = (ALLOCATOR.live() - before) / TASKS;
    let counts = world.counts();
    assert_eq!((counts.tasks, counts.past_tasks), (TASKS, 0));
    let nested = world.pids().filter(|&pid| world.pid(pid).level() > 0).count();
    assert!(nested > TASKS / 50, "{nested} nested");
    assert!(bytes <= 150, "{bytes} bytes a task");
}

#[test]
fn lives_that_end_leave_nothing_but_a_bounded_history() {
    let _alone = ALONE.lock().unwrap();
    let mut host = Host::new();
    let config = Config { history: 500, ..Config::default() };
    let (mut world, mut change) = (World::with(config), Change::default());
    let mut event = decode(&host.records[0]).unwrap();
    while host.live() < 1000 {
        host.fork();
    }
    let (mut events, mut first, mut more) = (0, 0, 0);
    while events < 2_000_000 {
        while host.records.len() < 10_000 {
            host.fork();
            host.end();
        }
        events += host.records.len();
        let grown = apply(&mut world, &mut host, &mut event, &mut change);
        // the first lives fill the history
        (first, more) = if events < 300_000 { (first + grown, 0) } else { (first, more + grown) };
        assert!(more < 150_000, "{more} bytes more after {events} events");
    }
    assert!((200_000..2_000_000).contains(&first), "{first} bytes");
    assert_eq!(world.counts().past_tasks, 500);
}
