//! A daemon that is suspended while much happens.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{
    house::House,
    run::{can_trace, wait},
    storm::{Storm, forks},
    tables::{differences, metric, own_memory},
};

/// How long it is suspended.
const SUSPENDED: Duration = Duration::from_secs(10);

/// Tasks that are made meanwhile: many times what the ring takes.
const MISSED: u64 = 5_000;

/// How long it may take until its tables are whole again, at most; the daemon that is tested is not
/// optimized, and shares a few processors with a storm.
const REPAIR: Duration = Duration::from_secs(if cfg!(debug_assertions) { 20 } else { 1 });

/// What it may have more of afterwards, bytes: what is remembered of tasks that have ended.
const GROWTH: u64 = 32 << 20;

#[test]
fn what_was_lost_while_it_was_suspended_is_told_and_repaired() {
    if !can_trace() {
        return;
    }
    let house = House::new("stall", &["--ring", "256K", "--max-memory", "64M"]);
    let lost = || metric(&house, "tracer_events_lost_total");
    let first = stall(&house);
    let (told, memory) = (lost(), own_memory(house.pid()));
    // Again: nothing is left over from the first time.
    let second = stall(&house);
    assert!(lost() > told, "{told} were lost before");
    let grown = own_memory(house.pid());
    assert!(grown < memory + GROWTH, "{memory} bytes became {grown}");
    for repair in [first, second] {
        assert!(repair < REPAIR, "the tables were whole again after {repair:?}");
    }
    let health = house.ask("/healthz").unwrap();
    assert_eq!(health.status, 200, "{health:?}: {}", house.log());
    assert!(!house.log().contains("panick"), "{}", house.log());
}

/// Suspends it under load, which goes on while it comes back; how long it then took from the loss
/// being told to tables that are whole.
fn stall(house: &House) -> Duration {
    let resyncs = || house.metric("tracer_resyncs_total{reason=\"loss\"}");
    let (before, repaired) = (metric(house, "tracer_events_lost_total"), resyncs());
    let storm = Storm::start(2);
    house.signal(Signal::STOP);
    let (begun, made) = (Instant::now(), forks());
    wait("the ring is full many times over", || {
        begun.elapsed() > SUSPENDED && forks() > made + MISSED
    });
    house.signal(Signal::CONT);
    // The first answer already says so.
    let first = house.ask("/v1/ps").unwrap();
    let certain = |head: &str| head.contains("tracer-certain: yes");
    assert!(!certain(&first.head) || resyncs() > repaired, "{}", first.head);
    wait("the loss is told", || metric(house, "tracer_events_lost_total") > before);
    let since = Instant::now();
    wait("the tables are whole again", || {
        resyncs() > repaired && house.ask("/v1/ps").is_some_and(|it| certain(&it.head))
    });
    let took = since.elapsed();
    let mut wrong = Vec::new();
    wait("the tables are those of /proc", || {
        // What has just come may still be on its way; what is wrong would stay wrong.
        wrong = differences(house);
        wrong.is_empty()
    });
    drop(storm);
    wait("they stay so", || differences(house).is_empty());
    took
}
