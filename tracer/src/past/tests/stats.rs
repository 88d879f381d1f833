//! `stats`: totals.

use super::{MS, replay, reused};
use crate::event::{AllocFail, Body, ForkFail};
use crate::past::Stats;
use crate::view::Type;
use crate::view::fixture::{BASH, NESTED, Stage, Who};

fn of(stage: &Stage) -> Stats {
    let mut stats = Stats::default();
    let world = replay(&stage.events, |world, event, change, reports| {
        stats.add(world, event, change, reports);
    });
    stats.finish(&world);
    stats
}

#[test]
fn everything_is_counted() {
    let stage = reused();
    let stats = of(&stage);
    assert_eq!(stats.records.total, stage.events.len() as u64);
    assert_eq!((stats.processes, stats.threads, stats.ended), (3, 0, 2));
    assert_eq!((stats.lost, stats.gaps, stats.losses.len()), (7, 1, 1));
    assert_eq!(stats.deepest.len(), 2);
    assert_eq!(stats.most.0, 4);
    let forks = stats.by_type().find(|&(ty, _)| ty == Type::Fork);
    assert_eq!(forks, Some((Type::Fork, 3)));
    let by_code: Vec<_> = stats.exits.iter().map(|(&code, &count)| (code, count)).collect();
    assert_eq!(by_code, [(Some(9), 1), (Some(256), 1)]);
}

#[test]
fn creators_and_parents_of_zombies_are_processes() {
    let mut stage = Stage::bare();
    stage.fork(BASH, Who(6500, 6401, 1, 0), b"worker", 0x1_0000);
    for round in 0..20 {
        let child = Who(7000 + round, 7000 + round, 6401, 0);
        let by = if round % 2 == 0 { BASH } else { Who(6500, 6401, 1, 0) };
        stage.fork(by, child, b"child", 0);
        if round < 15 {
            stage.end(child, 0, BASH);
        } else {
            stage.exit(child, 0, 1);
        }
    }
    let stats = of(&stage);
    let creators = stats.creators();
    assert_eq!((creators[0].label.tgid, creators[0].count), (6401, 21));
    let parents = stats.zombie_parents();
    assert_eq!((parents[0].count, parents[0].weight, parents[0].error), (15, 15 * 5 * MS, 0));
    assert_eq!((stats.left[0].count, stats.left[0].parent.unwrap().tgid), (5, 6401));
}

#[test]
fn failed_forks_are_told_by_reason_and_namespace() {
    let mut stage = Stage::nested();
    for errno in [11, 11, 12] {
        let fail = ForkFail { errno, inum: NESTED, ..ForkFail::default() };
        stage.by(BASH, Body::ForkFail(fail));
    }
    stage.by(BASH, Body::AllocFail(AllocFail { errno: 11, inum: NESTED, ..AllocFail::default() }));
    let stats = of(&stage);
    assert_eq!(stats.failed_forks(), 3);
    assert_eq!(stats.failures[&(11, NESTED)], 2);
}

#[test]
fn failures_without_end_are_bounded() {
    let mut stage = Stage::bare();
    for inum in 1..3000 {
        stage.by(BASH, Body::ForkFail(ForkFail { errno: 11, inum, ..ForkFail::default() }));
    }
    let stats = of(&stage);
    assert_eq!(stats.failed_forks(), 2999);
    assert!(stats.failures.len() <= 1024);
}
