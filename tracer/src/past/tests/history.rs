//! `history`: lives of numbers.

use super::{MS, replay, reused};
use crate::filter::PidSpec;
use crate::past::{Came, Happening, History, Life, Still};
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, Stage, Who};

fn lives(stage: &Stage, spec: &str) -> Vec<Life> {
    let mut history = History::new(spec.parse().unwrap());
    let world = replay(&stage.events, |world, event, change, reports| {
        history.add(world, event, change, reports);
    });
    history.finish(&world, stage.now);
    history.lives().to_vec()
}

fn names(life: &Life) -> Vec<&'static str> {
    life.entries.iter().map(|entry| entry.what.name()).collect()
}

#[test]
fn a_number_that_was_used_again_has_several_lives() {
    let stage = reused();
    for spec in ["6430".to_owned(), format!("2@{NESTED}")] {
        let lives = lives(&stage, &spec);
        let [first, second] = &lives[..] else { panic!("{spec}: {} lives", lives.len()) };
        assert_eq!(names(first), ["fork", "exec", "rename", "exit", "release", "free_pid"]);
        assert_eq!(first.still, None);
        assert_eq!(first.numbers.iter().map(|it| it.nr).collect::<Vec<_>>(), [6430, 2]);
        assert_eq!(
            names(second),
            ["fork", "pgid", "sid", "lost", "exit"][..1]
                .iter()
                .chain(&["sid", "lost", "exit"])
                .copied()
                .collect::<Vec<_>>()
        );
        assert!(matches!(second.still, Some(Still::Zombie { .. })));
        assert_eq!(second.lost, 7);
    }
}

#[test]
fn a_zombie_names_who_did_not_reap_it() {
    let lives = lives(&reused(), "6430");
    let Happening::Released { by, zombie, parent, .. } = lives[0].entries[4].what else { panic!() };
    assert_eq!(
        (by.map(|by| by.tid), zombie, parent.map(|it| it.tgid)),
        (Some(6427), Some(5 * MS), Some(6427))
    );
    let Some(Still::Zombie { parent: Some(parent), .. }) = &lives[1].still else { panic!() };
    assert_eq!(&parent.comm[..2], b"sh");
}

#[test]
fn a_task_that_the_sweep_showed_is_found_not_born() {
    let lives = lives(&Stage::nested(), "6401");
    assert_eq!(lives.len(), 1);
    assert_eq!(lives[0].came, Came::Found);
    assert_eq!(names(&lives[0])[0], "snapshot");
    assert_eq!(lives[0].still, Some(Still::Running));
    assert_eq!(lives[0].children, 1);
}

#[test]
fn a_number_kept_by_a_group_is_told_until_it_is_free() {
    let mut stage = Stage::bare();
    let leader = Who(7000, 7000, 6401, 0);
    stage.fork(BASH, leader, b"job", 0);
    stage.fork(leader, Who(7001, 7001, 7000, 0), b"member", 0);
    let member = Who(7001, 7001, 7000, 0);
    let facts = crate::event::ChangePid {
        task: crate::view::fixture::key(7001),
        pid: 0x10_0000 + 7000,
        tid: 7001,
        ty: 2,
        nr: 7000,
        ..Default::default()
    };
    stage.by(member, crate::event::Body::ChangePid(facts));
    stage.exit(leader, 0, 1);
    stage.release(BASH, leader);
    let before = lives(&stage, "7000");
    assert_eq!(names(&before[0]).last(), Some(&"held"));
    assert!(
        matches!(before[0].still, Some(Still::Held { groups: 1, .. })),
        "{:?}",
        before[0].still
    );
    stage.wait(MS);
    stage.free_pid(BASH, leader);
    let after = lives(&stage, "7000");
    assert_eq!(after[0].still, None);
    assert!(matches!(
        after[0].entries.last().unwrap().what,
        Happening::Freed { after: Some(MS), .. }
    ));
}

#[test]
fn few_threads_are_told_one_by_one_and_many_are_counted() {
    for (made, told) in [(3, 3), (40, 0)] {
        let mut stage = Stage::bare();
        for tid in 1..=made {
            stage.fork(BASH, Who(6500 + tid, 6401, 1, 0), b"worker", 0x1_0000);
        }
        let life = lives(&stage, "6401").remove(0);
        assert_eq!(life.threads, made as u32);
        let threads = names(&life).iter().filter(|name| **name == "thread").count();
        assert_eq!(threads, told);
    }
}

#[test]
fn an_exec_by_a_thread_hands_the_number_over() {
    let mut stage = Stage::bare();
    let thread = Who(6500, 6401, 1, 0);
    stage.fork(BASH, thread, b"worker", 0x1_0000);
    let facts = crate::event::ExchangeTids {
        left: crate::view::fixture::key(6500),
        right: crate::view::fixture::key(6401),
        ..Default::default()
    };
    stage.by(Who(0, 0, 0, 0), crate::event::Body::ExchangeTids(facts));
    let leader = lives(&stage, "6401");
    assert_eq!(leader.len(), 1);
    assert!(matches!(leader[0].entries.last().unwrap().what, Happening::TakenOver { tid: 6500 }));
    let old = lives(&stage, "6500");
    assert_eq!(old.len(), 1);
    assert!(matches!(old[0].entries.last().unwrap().what, Happening::MovedTo { tid: 6401 }));
}

#[test]
fn a_number_that_no_task_got_is_a_life_too() {
    let mut stage = Stage::bare();
    let who = Who(7000, 7000, 6401, 0);
    stage.alloc(BASH, who);
    stage.free_pid(BASH, who);
    let lives = lives(&stage, "7000");
    assert_eq!(names(&lives[0]), ["alloc_pid", "free_pid"]);
    assert_eq!(lives[0].certainty, None);
}

#[test]
fn what_has_another_number_leaves_no_trace() {
    assert!(lives(&reused(), "4242").is_empty());
    assert!(lives(&reused(), "6430@17").is_empty());
    let spec = PidSpec { nr: 1, ns: Some(NESTED) };
    let mut history = History::new(spec);
    replay(&reused().events, |world, event, change, reports| {
        history.add(world, event, change, reports);
    });
    assert_eq!(history.lives()[0].numbers[0].nr, INIT.0);
    assert_ne!(history.lives()[0].numbers[0].nr, CHILD.0);
}

#[test]
fn a_long_life_has_bounds_and_keeps_its_end() {
    let mut stage = Stage::bare();
    for round in 0..5000 {
        stage.rename(BASH, format!("n{round}").as_bytes());
    }
    stage.exit(BASH, 0, 1);
    let life = lives(&stage, "6401").remove(0);
    assert!(life.entries.len() <= 4200 && life.more > 0);
    assert_eq!(names(&life).last(), Some(&"exit"));
}
