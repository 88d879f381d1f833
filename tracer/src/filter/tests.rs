//! Filters, on a small host.

use super::*;
use crate::event::{Body, ForkFail, Lost, NsEnd, ns_reason};
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, NOW, Stage, Who, nested_ns};

const OTHER: Who = Who(7000, 7000, 1, 0);

fn admitted(filter: &mut Filter, stage: &Stage, reports: &[Report]) -> usize {
    reports.iter().filter(|report| filter.admits(&stage.world, report)).count()
}

#[test]
fn without_conditions_everything_but_threads_is_shown() {
    let mut stage = Stage::nested();
    let mut filter = Filter::default();
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0", 0);
    assert_eq!(admitted(&mut filter, &stage, &exec), 1);
    let thread = Who(6500, 6427, 6401, 9);
    let born = stage.fork(INIT, thread, b"sh", 0x1_0000);
    assert_eq!(admitted(&mut filter, &stage, &born), 0);
    assert_eq!(admitted(&mut Filter { threads: true, ..Filter::default() }, &stage, &born), 1);
    let exit = stage.exit(INIT, 0, 0);
    assert_eq!(admitted(&mut filter, &stage, &exit[..1]), 1);
    let exit = stage.exit(thread, 0, 1);
    assert_eq!(admitted(&mut filter, &stage, &exit[..1]), 1, "the end of the group");
    let mut released = stage.release(thread, thread);
    released.retain(|report| report.what.ty() == Type::Release);
    assert_eq!((released.len(), admitted(&mut filter, &stage, &released)), (1, 0));
}

#[test]
fn pids_are_meant_at_any_level() {
    let mut stage = Stage::nested();
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0", 0);
    for (spec, hits) in [("6430", 1), ("6427", 0), ("2@4026532398", 1), ("2", 0), ("2@7", 0)] {
        let mut filter = Filter { pids: vec![spec.parse().unwrap()], ..Filter::default() };
        assert_eq!(admitted(&mut filter, &stage, &exec), hits, "{spec}");
        assert_eq!(filter.admits_task(&stage.world, stage.task(CHILD)), hits == 1, "{spec}");
    }
    let born = stage.fork(CHILD, Who(6440, 6440, 6430, 3), b"x", 0);
    let mut filter = Filter { pids: vec![PidSpec::host(6430)], ..Filter::default() };
    assert_eq!(admitted(&mut filter, &stage, &born), 1, "what it starts");
}

#[test]
fn namespaces_mean_their_tasks_and_themselves() {
    let mut stage = Stage::nested();
    let in_nested = stage.exec(CHILD, b"/bin/ls", b"ls\0", 0);
    let outside = stage.exec(BASH, b"/bin/ls", b"ls\0", 0);
    let dying =
        stage.by(INIT, Body::NsDying(NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() }));
    for (spec, hits) in [
        ("4026532398", [1, 0, 1]),
        ("pid:[4026532398]", [1, 0, 1]),
        ("net:[4026532398]", [0, 0, 0]),
        ("pid:[4026531836]", [1, 1, 1]),
        ("uts:[4026531838]", [1, 1, 1]),
    ] {
        let mut filter = Filter { namespaces: vec![spec.parse().unwrap()], ..Filter::default() };
        let found = [&in_nested, &outside, &dying].map(|r| admitted(&mut filter, &stage, r));
        assert_eq!(found, hits, "{spec}");
    }
}

#[test]
fn names_users_cgroups_and_times_must_all_hold() {
    let mut stage = Stage::nested();
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0", 0);
    let full = Filter {
        comms: vec!["l*".parse().unwrap()],
        uids: vec![5, 1000],
        cgroups: vec![77],
        since: Some(NOW),
        until: Some(NOW),
        types: Some(Types::LIVE),
        ..Filter::default()
    };
    assert_eq!(admitted(&mut full.clone(), &stage, &exec), 1);
    for wrong in [
        Filter { comms: vec!["x".parse().unwrap()], ..full.clone() },
        Filter { uids: vec![5], ..full.clone() },
        Filter { cgroups: vec![1], ..full.clone() },
        Filter { since: Some(NOW + 1), ..full.clone() },
        Filter { until: Some(NOW - 1), ..full.clone() },
        Filter { types: Some(Types::NONE.with(Type::Fork)), ..full.clone() },
    ] {
        assert_eq!(admitted(&mut wrong.clone(), &stage, &exec), 0, "{wrong:?}");
        let lost = stage.by(BASH, Body::Lost(Lost { cpu: 1, count: 1, since: 0 }));
        let mut untimed = Filter { since: None, until: None, ..wrong };
        assert_eq!(admitted(&mut untimed, &stage, &lost), 1, "losses are always shown");
    }
}

#[test]
fn live_hides_what_is_frequent_but_shows_refusals() {
    let stage = Stage::bare();
    let types = Types::LIVE;
    assert!(types.has(&What::AllocFail { errno: 11, inum: 1, level: 0 }));
    assert!(!types.has(&What::Rename { old: [0; 16] }) && !types.has(&What::Cred));
    assert!(types.has(&What::Exit { code: None, inferred: true, group_dead: None, lived: None }));
    drop(stage);
}

#[test]
fn a_tree_is_its_root_and_everything_made_in_it() {
    let mut stage = Stage::bare();
    let mut filter = Filter { trees: vec![PidSpec::host(INIT.0)], ..Filter::default() };
    let made = stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    assert_eq!(admitted(&mut filter, &stage, &made), 0, "made by the shell outside");
    let born = stage.fork(BASH, INIT, b"sh", 0);
    assert_eq!(admitted(&mut filter, &stage, &born), 1, "the root's own birth");
    let other = stage.fork(BASH, OTHER, b"x", 0);
    assert_eq!(admitted(&mut filter, &stage, &other), 0);
    let allocated = stage.alloc(INIT, CHILD);
    assert_eq!(admitted(&mut filter, &stage, &allocated), 1);
    stage.fork(INIT, CHILD, b"sleep", 0);
    let orphan = Who(6440, 6440, 6430, 3);
    let born = stage.fork(CHILD, orphan, b"orphan", 0);
    assert_eq!(admitted(&mut filter, &stage, &born), 1);
    stage.exit(CHILD, 0, 1);
    let released = stage.release(INIT, CHILD);
    assert_eq!(admitted(&mut filter, &stage, &released), 1);
    let freed = stage.free_pid(INIT, CHILD);
    assert_eq!(admitted(&mut filter, &stage, &freed), 1);
    let failed = stage.by(orphan, Body::ForkFail(ForkFail { errno: 11, ..ForkFail::default() }));
    assert_eq!(admitted(&mut filter, &stage, &failed), 1, "of a descendant whose parent is gone");
    let world = &stage.world;
    assert!(filter.admits_task(world, stage.task(orphan)));
    assert!(!filter.admits_task(world, stage.task(BASH)));
    assert!(!filter.admits_task(world, stage.task(OTHER)));
}

#[test]
fn a_root_keeps_its_process_when_its_number_is_used_again() {
    let mut stage = Stage::nested();
    let mut filter = Filter { trees: vec![PidSpec::host(CHILD.0)], ..Filter::default() };
    let exit = stage.exit(CHILD, 0, 1);
    assert_eq!(admitted(&mut filter, &stage, &exit), 1);
    stage.release(INIT, CHILD);
    stage.free_pid(INIT, CHILD);
    let again = stage.fork(BASH, Who(6430, 6430, 6401, 0), b"new", 0);
    assert_eq!(admitted(&mut filter, &stage, &again), 0);
}

#[test]
fn found_tasks_belong_to_the_tree_of_their_parents() {
    let stage = Stage::bare();
    let filter = Filter { trees: vec![PidSpec::host(1)], ..Filter::default() };
    assert!(filter.admits_task(&stage.world, stage.task(BASH)));
}
