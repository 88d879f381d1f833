//! A daemon that is suspended while much happens.

use rustix::process::{Pid, Signal, kill_process};

use super::{
    house::House,
    run::{can_trace, wait},
    storm::{Storm, forks},
    tables::{differences, metric},
};

/// Tasks that are made meanwhile: many times what the ring takes.
const MISSED: u64 = 5_000;

#[test]
fn what_was_lost_while_it_was_suspended_is_told_and_repaired() {
    if !can_trace() {
        return;
    }
    let house = House::new("stall", &["--ring", "256K"]);
    let signal = |signal| kill_process(Pid::from_raw(house.pid()).unwrap(), signal).unwrap();
    signal(Signal::STOP);
    let storm = Storm::start(2);
    let before = forks();
    wait("the ring is full many times over", || forks() > before + MISSED);
    signal(Signal::CONT);
    wait("the loss is told", || metric(&house, "tracer_events_lost_total") > 0.0);
    drop(storm);
    wait("the tables are whole again", || {
        house.ask("/v1/ps").is_some_and(|it| it.head.contains("tracer-certain: yes"))
    });
    let mut wrong = Vec::new();
    wait("the tables are those of /proc", || {
        // What has just come may still be on its way; what is wrong would stay wrong.
        wrong = differences(&house);
        wrong.is_empty()
    });
    assert_eq!(house.ask("/healthz").unwrap().status, 200, "{}", house.log());
}
