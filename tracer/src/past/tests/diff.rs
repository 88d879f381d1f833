//! `diff`: what two states of the tables differ in.

use super::MS;
use crate::event::{Body, Cred, ExchangeTids, NsEnd, Ptrace};
use crate::model::NsFate;
use crate::past::{Diff, Field, diff};
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, Stage, Who, key};

/// What some doings change.
fn doing(what: impl FnOnce(&mut Stage)) -> Diff {
    let mut stage = Stage::nested();
    let before = stage.world.clone();
    what(&mut stage);
    diff(&before, &stage.world)
}

fn names(diff: &Diff) -> Vec<&'static str> {
    let all = diff.changed.iter().flat_map(|changed| &changed.fields);
    let name = |field: &Field| match field {
        Field::Tid(..) => "tid",
        Field::Exec(_) => "exec",
        Field::Comm(..) => "comm",
        Field::Parent(..) => "parent",
        Field::Pgrp(..) => "pgrp",
        Field::Session(..) => "session",
        Field::Uid(..) => "uid",
        Field::Gid(..) => "gid",
        Field::Namespace(..) => "ns",
        Field::ForChildren(..) => "children",
        Field::Tracer(..) => "tracer",
        Field::Cgroup(..) => "cgroup",
        Field::Zombie { .. } => "zombie",
    };
    all.map(name).collect()
}

#[test]
fn nothing_done_is_no_difference() {
    let diff = doing(|_| ());
    let count = diff.appeared.len() + diff.ended.len() + diff.changed.len();
    assert_eq!(count + diff.new_spaces.len() + diff.ended_spaces.len(), 0);
}

#[test]
fn each_change_of_a_task_is_a_field() {
    let cred = |stage: &mut Stage| {
        let cred = Cred { task: key(BASH.0), uid: 0, gid: 0, ..Cred::default() };
        stage.by(BASH, Body::Cred(cred));
    };
    let trace = |stage: &mut Stage| {
        let facts = Ptrace {
            task: key(CHILD.0),
            tracer: key(BASH.0),
            tid: CHILD.0,
            tgid: CHILD.1,
            tracer_tgid: BASH.1,
            ..Ptrace::default()
        };
        stage.by(BASH, Body::Ptrace(facts));
    };
    assert_eq!(names(&doing(|it| it.rename(BASH, b"other"))), ["comm"]);
    assert_eq!(names(&doing(|it| it.change_pid(CHILD, 3))), ["session"]);
    assert_eq!(names(&doing(cred)), ["uid", "gid"]);
    assert_eq!(names(&doing(trace)), ["tracer"]);
    assert_eq!(names(&doing(|it| drop(it.exit(CHILD, 0, 1)))), ["zombie"]);
}

#[test]
fn an_orphan_has_another_parent() {
    let middle = Who(6500, 6500, 6401, 0);
    let orphan = Who(6501, 6501, 6500, 0);
    let mut stage = Stage::bare();
    stage.fork(BASH, middle, b"middle", 0);
    stage.fork(middle, orphan, b"orphan", 0);
    let before = stage.world.clone();
    stage.end(middle, 0, BASH);
    let diff = diff(&before, &stage.world);
    assert_eq!(diff.ended.len(), 1);
    let [changed] = &diff.changed[..] else { panic!() };
    let [Field::Parent(Some(from), Some(to))] = &changed.fields[..] else { panic!() };
    assert_eq!((from.tgid, to.tgid), (6500, 1));
}

#[test]
fn an_exec_by_a_thread_changes_its_number() {
    let thread = Who(6500, 6401, 1, 0);
    let mut stage = Stage::bare();
    stage.fork(BASH, thread, b"worker", 0x1_0000);
    let before = stage.world.clone();
    let facts = ExchangeTids { left: key(6500), right: key(6401), ..ExchangeTids::default() };
    stage.by(BASH, Body::ExchangeTids(facts));
    let diff = diff(&before, &stage.world);
    let moved = diff.changed.iter().find(|it| it.task.leader).unwrap();
    let Field::Tid(old, new) = &moved.fields[0] else { panic!() };
    assert_eq!((old[0].nr, new[0].nr), (6500, 6401));
}

#[test]
fn a_number_used_again_is_an_end_and_an_appearance() {
    let diff = doing(|stage| {
        stage.end(CHILD, 9, INIT);
        stage.wait(MS);
        stage.fork(INIT, CHILD, b"again", 0);
    });
    assert_eq!((diff.appeared.len(), diff.ended.len(), diff.changed.len()), (1, 1, 0));
    assert_eq!(diff.ended[0].code, Some(9));
}

#[test]
fn namespaces_appear_die_and_end() {
    let mut stage = Stage::bare();
    let none = stage.world.clone();
    stage.by(BASH, Body::PidNs(crate::view::fixture::nested_ns(1)));
    stage.fork(BASH, INIT, b"sh", 0x2000_0000);
    let made = stage.world.clone();
    let is_new = diff(&none, &made);
    assert_eq!(is_new.new_spaces.iter().filter(|it| it.space.inum == NESTED).count(), 1);
    let end = NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() };
    stage.by(INIT, Body::NsDying(end));
    assert_eq!(diff(&made, &stage.world).changed_spaces[0].0, NsFate::Alive);
    stage.end(INIT, 0, BASH);
    stage.by(BASH, Body::NsDestroy(end));
    let diff = diff(&made, &stage.world);
    assert_eq!(diff.ended_spaces.iter().filter(|it| it.space.inum == NESTED).count(), 1);
}
