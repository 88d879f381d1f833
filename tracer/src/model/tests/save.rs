//! Saved and restored tables cannot be told from the others by anything that follows.

use super::super::{BadState, Config, Sees, World};
use super::arbitrary::Random;
use super::kernel::{Kernel, facts, key};

fn saved(world: &World) -> Vec<u8> {
    let mut bytes = Vec::new();
    world.save(&mut bytes);
    bytes
}

fn restored(world: &World) -> World {
    let bytes = saved(world);
    let twin = World::restore(&bytes).unwrap();
    assert!(saved(&twin) == bytes, "the restored state is another one");
    assert_eq!(twin.digest(), world.digest());
    twin
}

/// Tables, and the generator of what follows.
fn history(seed: u64, events: u64, config: Config) -> (World, Random) {
    let (mut world, mut random) = (World::with(config), Random(seed));
    for ts in 0..events {
        world.apply(&random.event(ts));
    }
    (world, random)
}

#[test]
fn restored_tables_change_as_the_saved_ones_do() {
    for seed in 1..80 {
        let sees = if seed % 2 == 0 { Sees::ALL } else { Sees::TRACEPOINTS };
        let history_bound = [0, 7, 60, 5000][seed as usize % 4];
        let before = seed * 37 % 900;
        let (mut world, mut random) =
            history(seed, before, Config { history: history_bound, sees });
        let mut twin = restored(&world);
        for ts in before..before + 400 {
            let event = random.event(ts);
            let (change, other) = (world.apply(&event), twin.apply(&event));
            assert_eq!(change, other, "seed {seed}, event {ts}: {event:?}");
        }
        assert_eq!(world.digest(), twin.digest(), "seed {seed}");
        assert!(saved(&world) == saved(&twin), "seed {seed}: the states differ");
        twin.check_consistency().unwrap();
    }
}

#[test]
fn every_point_of_a_history_can_be_saved() {
    for sees in [Sees::ALL, Sees::TRACEPOINTS] {
        let (mut world, mut random) = history(99, 0, Config { history: 20, sees });
        for ts in 0..600 {
            world.apply(&random.event(ts));
            restored(&world);
        }
    }
}

#[test]
fn an_orderly_kernel_is_restored_with_its_families_and_groups() {
    let mut kernel = Kernel::sees_all();
    for tid in 20..60 {
        kernel.fork(10, tid);
    }
    for tid in 60..80 {
        kernel.thread(20, tid, 10);
    }
    for tid in 21..30 {
        kernel.exit(tid);
        kernel.release(10, key(tid), tid, tid);
    }
    kernel.exit(10);
    let twin = restored(&kernel.world);
    let children = |world: &World| {
        let init = world.find_task(1).unwrap();
        let leader = world.find_task(20).unwrap();
        (world.children(init), world.process(leader).threads.to_vec(), world.counts())
    };
    assert_eq!(children(&kernel.world), children(&twin));
    assert_eq!(format!("{:?}", facts(1, 1, 0)), format!("{:?}", facts(1, 1, 0)));
    let tasks = |world: &World| {
        let all = world.tasks().chain(world.past_tasks());
        all.map(|id| format!("{id:?} {:?}", world.task(id))).collect::<Vec<_>>()
    };
    assert_eq!(tasks(&kernel.world), tasks(&twin));
}

#[test]
fn a_cut_state_is_refused_at_each_byte() {
    let (world, _) = history(5, 300, Config { history: 20, sees: Sees::ALL });
    let bytes = saved(&world);
    for end in 0..bytes.len() {
        assert!(World::restore(&bytes[..end]).is_err(), "{end} of {} bytes", bytes.len());
    }
    let longer = [bytes.as_slice(), &[0]].concat();
    assert_eq!(World::restore(&longer).unwrap_err(), BadState::Long);
}

#[test]
fn a_forged_state_is_an_error_or_valid_tables() {
    let (mut taken, mut refused) = (0, 0);
    for seed in 1..12 {
        let sees = if seed % 2 == 0 { Sees::ALL } else { Sees::TRACEPOINTS };
        let (world, mut random) = history(seed, 200, Config { history: 20, sees });
        let bytes = saved(&world);
        for _ in 0..250 {
            let mut forged = bytes.clone();
            for _ in 0..=random.below(3) {
                let at = random.below(bytes.len() as u64) as usize;
                forged[at] = random.next() as u8;
            }
            let Ok(mut world) = World::restore(&forged) else {
                refused += 1;
                continue;
            };
            taken += 1;
            for ts in 0..30 {
                let event = random.event(ts);
                let change = world.apply(&event);
                if let Err(wrong) = world.check_consistency() {
                    panic!("{wrong}: {event:?}: {change:?}");
                }
            }
            restored(&world);
        }
    }
    assert!(taken > 100 && refused > 100, "{taken} were taken, {refused} refused");
}

#[test]
fn a_claimed_size_without_bytes_is_refused() {
    for claim in [&[0xff_u8, 0xff, 0xff, 0xff, 0x7f][..], &[0xff; 9], &[3, 1, 0xff, 0xff, 0x7f]] {
        let bytes = [&[1], claim].concat();
        assert!(World::restore(&bytes).is_err(), "{claim:?}");
    }
}

#[test]
fn what_is_wrong_with_a_state_is_said_in_words() {
    assert_eq!(World::restore(&[]).unwrap_err().to_string(), "the state ends too early");
    let other = World::restore(&[77]).unwrap_err().to_string();
    assert_eq!(other, "the state is of version 77, this program reads 2");
}
