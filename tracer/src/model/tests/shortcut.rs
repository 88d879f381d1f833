//! The shortcuts of the common cases give what the general way gives.

use super::super::{Config, Sees, World};
use super::arbitrary::Random;
use super::kernel::{Kernel, facts, key, pid_key};

fn saved(world: &World) -> Vec<u8> {
    let mut bytes = Vec::new();
    world.save(&mut bytes);
    bytes
}

/// A life of many processes, as a seed has it.
fn script(kernel: &mut Kernel, seed: u64) {
    let mut random = Random(seed);
    let mut live: Vec<i32> = vec![10];
    for turn in 0..400 {
        let by = live[random.below(live.len() as u64) as usize];
        let tid = 20 + turn;
        match random.below(10) {
            0..5 => {
                let mut task = facts(tid, tid, by);
                task.task = key(20 + turn % 50); // addresses come back
                let parent = kernel.facts_of(by);
                task.real_parent = parent.key.0;
                task.leader = task.task;
                if kernel.world.at_key(task.task).is_some_and(|id| kernel.world.lives(id)) {
                    continue;
                }
                let group = kernel.world.task_pgrp(kernel.task(by)).unwrap();
                task.pgid = kernel.world.pid(group).nr();
                task.pgrp = pid_key(task.pgid);
                task.uid = 7 + random.below(2) as u32;
                task.comm[0] = b'a' + random.below(3) as u8;
                kernel.alloc(by, &[(0, tid)]);
                kernel.newtask(by, task, &[(0, tid)], random.below(2));
                live.push(tid);
            }
            5 if live.len() > 1 => {
                kernel.change_pid(by, 2, by);
            }
            6 => {
                let mut task = facts(tid, by, 1);
                task.leader = kernel.facts_of(by).key.0;
                if by != 10 {
                    kernel.fork_as(by, task, &[(0, tid)]);
                }
            }
            _ if by != 10 => {
                let at = kernel.facts_of(by).key.0;
                kernel.exit(by);
                kernel.release(10, at, by, by);
                kernel.free_pid(by);
                kernel.free_task(at, by, by);
                live.retain(|&tid| tid != by);
            }
            _ => (),
        }
    }
}

#[test]
fn a_shortcut_leads_where_the_general_way_leads() {
    for seed in 1..12 {
        let mut worlds = [false, true].map(|roundabout| {
            let mut kernel = Kernel::sees_all();
            kernel.world.probe.roundabout = roundabout;
            script(&mut kernel, seed);
            kernel.world
        });
        assert!(saved(&worlds[0]) == saved(&worlds[1]), "seed {seed}");
        let probe = &worlds[0].probe;
        assert!(probe.births > 10 && probe.ends > 10, "{probe:?}");
        // and so does what follows
        let mut random = Random(seed);
        for ts in 0..300 {
            let event = random.event(ts);
            let [left, right] = worlds.each_mut().map(|world| world.apply(&event));
            assert_eq!(left, right, "seed {seed}: {event:?}");
        }
        assert!(saved(&worlds[0]) == saved(&worlds[1]), "seed {seed}");
    }
}

#[test]
fn wild_input_takes_no_shortcut_to_elsewhere() {
    for seed in 1..40 {
        let config = Config { history: 30, sees: Sees::ALL };
        let mut worlds = [World::with(config), World::with(config)];
        worlds[1].probe.roundabout = true;
        let mut random = Random(seed);
        for ts in 0..600 {
            let event = random.event(ts);
            let [left, right] = worlds.each_mut().map(|world| world.apply(&event));
            assert_eq!(left, right, "seed {seed}: {event:?}");
        }
        assert!(saved(&worlds[0]) == saved(&worlds[1]), "seed {seed}");
    }
}
