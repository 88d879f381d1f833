//! Bounds: history is evicted, the living never.

use super::super::pid::PidRow;
use super::super::row::Row;
use super::super::{Config, Sees, TaskState, World};
use super::kernel::{facts, key, pid_key, vector};
use crate::event::{Body, Event, Exit, FreePid, FreeTask, Header, PidFacts, PidKey, Release};

/// Births and ends of one process after another, with numbers and addresses that come back.
fn lifecycles(world: &mut World, count: u64, pause: impl Fn(&World)) {
    let mut ts = 0;
    let mut apply = |world: &mut World, actor: i32, body: Body| {
        ts += 1;
        let actor_tid = actor;
        let header =
            Header { ts, actor: key(actor), actor_tid, actor_tgid: actor, ..Header::default() };
        world.apply(&Event { header, body }).impossible
    };
    for turn in 0..count {
        let tid = 100 + (turn % 30_000) as i32;
        let mut task = facts(tid, tid, 10);
        task.start = turn * 10;
        let (task_key, pid, header) = (key(tid), pid_key(tid), Header::default());
        let numbers = vector(&[(0, tid)]);
        let events = [
            (10, Body::AllocPid(PidFacts { pid: PidKey(pid), ino: turn, vector: numbers.clone() })),
            (10, Body::Fork { task, vector: numbers, flags: 0 }),
            (tid, Body::Exit(Exit { task: task_key, pid, group_dead: 1, ..Exit::default() })),
            (
                10,
                Body::Release(Release {
                    task: task_key,
                    pid,
                    tid,
                    tgid: tid,
                    ..Release::default()
                }),
            ),
            (10, Body::FreePid(FreePid { pid, ino: turn, nr: tid, ..FreePid::default() })),
            (0, Body::FreeTask(FreeTask { header, task: task_key, tid, tgid: tid })),
        ];
        for (actor, body) in events {
            assert_eq!(apply(world, actor, body), None);
        }
        if turn % 100_000 == 0 {
            pause(world);
        }
    }
}

#[test]
fn two_hundred_thousand_lifecycles_leave_a_bounded_history() {
    let mut world = World::with(Config { history: 1000, sees: Sees::ALL });
    lifecycles(&mut world, 200_000, |world| world.check_consistency().unwrap());
    let counts = world.counts();
    assert_eq!((counts.past_tasks, counts.past_pids, counts.tasks), (1000, 1000, 0));
    assert!(world.tasks.len() <= 1001 && world.pids.len() <= 1003);
    assert!(world.groups.len() == 0 && world.cold.len() <= 1010 && world.index.tasks.len() <= 1001);
    assert!(
        world.index.numbers.len() <= 2
            && world.past_pids.len() <= 1001
            && world.index.loose.is_empty()
    );
    assert!(world.proxies.len() <= 2 && world.spaces.len() <= 10);
    assert!(world.past_tasks().all(|id| world.task(id).state >= TaskState::Released));
}

#[test]
fn history_goes_on_demand_and_comes_again() {
    let mut world = World::with(Config { history: 1000, sees: Sees::ALL });
    lifecycles(&mut world, 2_000, |_| ());
    let gone = world.set_history(0);
    let counts = world.counts();
    assert!(gone >= 2000 && counts.past_tasks + counts.past_pids == 0, "{gone} {counts:?}");
    world.check_consistency().unwrap();
    world.set_history(100);
    lifecycles(&mut world, 2_000, |_| ());
    assert_eq!(world.counts().past_tasks, 100);
    world.check_consistency().unwrap();
}

#[test]
fn an_entry_is_small() {
    // a single-threaded task: its entry and its pid, each without a generation
    assert_eq!((size_of::<Row>(), size_of::<PidRow>()), (76, 36));
}
