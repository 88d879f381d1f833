//! `stats`: totals.

use super::{replay, reused};
use crate::past::Stats;
use crate::view::Type;
use crate::view::fixture::{BASH, Stage, Who};

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
fn creators_are_processes() {
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
}
