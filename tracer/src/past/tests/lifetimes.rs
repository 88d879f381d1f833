//! `pid … --at`: whose a number was.

use super::{MS, replay, reused};
use crate::event::{Body, Mark};
use crate::filter::PidSpec;
use crate::past::{Answer, Lifetimes, Since, Unknown};
use crate::view::fixture::{BASH, CHILD, INIT, NESTED, NOW, Stage, Who, facts, vector};

fn of(stage: &Stage, nr: i32, ns: Option<u32>) -> Lifetimes {
    let mut one = Lifetimes::of(PidSpec { nr, ns });
    let mut all = Lifetimes::within(ns);
    replay(&stage.events, |world, event, change, _| {
        one.add(world, event, change);
        all.add(world, event, change);
    });
    let count = |it: &Lifetimes| it.of_number(nr).count();
    assert_eq!(count(&one), count(&all), "one number is a part of all");
    one
}

fn first(answer: &Answer<'_>) -> Option<(i32, bool)> {
    match answer {
        Answer::Held { by, sure } => Some((by.numbers.first()?.nr, *sure)),
        _ => None,
    }
}

impl Stage {
    /// A sweep that shows these tasks, and nothing else.
    fn sweep(&mut self, generation: u64, tasks: &[(Who, &[u8])]) {
        let mark = Mark { generation, ..Mark::default() };
        self.by(BASH, Body::SnapshotBegin(mark));
        for &(who, name) in tasks {
            let (task, vector) = (facts(who, name), vector(who));
            self.by(BASH, Body::Snapshot { task, vector, generation, from_proc: false });
        }
        self.by(BASH, Body::SnapshotEnd(mark));
    }
}

#[test]
fn a_number_used_twice_has_two_holders_and_was_free_between() {
    let stage = reused();
    for (nr, ns) in [(6430, None), (2, Some(NESTED))] {
        let lifetimes = of(&stage, nr, ns);
        let all: Vec<_> = lifetimes.of_number(nr).collect();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].from, all[0].until), (NOW, Some(NOW + 26 * MS)));
        assert_eq!(all[0].certainty(), "exact");
        let Answer::Held { by, sure: true } = lifetimes.at(nr, NOW + 15 * MS) else { panic!() };
        assert_eq!(&by.name_at(NOW + 15 * MS)[..2], b"sl");
        assert_eq!(&by.name_at(NOW)[..5], b"sleep");
        let free = lifetimes.at(nr, NOW + 26 * MS);
        let Answer::Free { before: Some(before), after: Some(after) } = free else {
            panic!("{free:?}")
        };
        assert_eq!((before.from, after.from), (NOW, NOW + 126 * MS));
        // a zombie's number is in use, but a loss follows: its end may be missing
        assert_eq!(first(&lifetimes.at(nr, NOW + 129 * MS)), Some((6430, false)));
        assert_eq!(first(&lifetimes.at(nr, NOW + 126 * MS)), Some((6430, false)));
    }
}

#[test]
fn a_task_of_the_sweep_had_its_number_since_its_start() {
    let lifetimes = of(&Stage::nested(), 6401, None);
    let Answer::Held { by, sure: true } = lifetimes.at(6401, NOW) else { panic!() };
    assert_eq!((by.since, by.from, by.certainty()), (Since::Start, NOW - MS, "snapshot"));
    assert!(matches!(lifetimes.at(6401, NOW - MS / 2), Answer::Held { .. }));
    let before = lifetimes.at(6401, NOW - 2 * MS);
    assert!(matches!(before, Answer::Unknown { why: Unknown::Before(_), .. }), "{before:?}");
    let after = lifetimes.at(6500, NOW + MS);
    assert!(matches!(after, Answer::Unknown { why: Unknown::After(_), .. }), "{after:?}");
}

#[test]
fn after_a_loss_nobody_knows_until_a_sweep() {
    let mut stage = Stage::nested();
    stage.wait(10 * MS);
    stage.lose(3);
    stage.wait(10 * MS);
    stage.sweep(2, &[(Who(1, 1, 0, 0), b"systemd"), (BASH, b"bash"), (INIT, b"sh")]);
    stage.wait(10 * MS);
    stage.rename(BASH, b"later");
    let lifetimes = of(&stage, 7777, None);
    let at = |ms: u64| lifetimes.at(7777, NOW + ms * MS);
    assert!(matches!(at(5), Answer::Free { .. }), "{:?}", at(5));
    assert!(matches!(at(15), Answer::Unknown { why: Unknown::Lost { .. }, .. }), "{:?}", at(15));
    assert!(matches!(at(25), Answer::Free { .. }), "{:?}", at(25));
    // the child vanished somewhere in between
    let lifetimes = of(&stage, 2, Some(NESTED));
    let at = |ms: u64| lifetimes.at(2, NOW + ms * MS);
    assert_eq!((first(&at(5)), first(&at(15))), (Some((CHILD.0, true)), Some((CHILD.0, false))));
    assert!(matches!(at(25), Answer::Free { before: Some(_), after: None }), "{:?}", at(25));
    assert_eq!(lifetimes.of_number(2).next().unwrap().certainty(), "inferred");
}

#[test]
fn a_keyframe_gives_what_was_before_it() {
    let stage = reused();
    let split = stage.events.len() - 6;
    let world = replay(&stage.events[..split], |_, _, _, _| ());
    let mut lifetimes = Lifetimes::of(PidSpec { nr: 2, ns: Some(NESTED) });
    lifetimes.start(&world, NOW + 30 * MS);
    let Answer::Held { by, .. } = lifetimes.at(2, NOW + MS) else { panic!() };
    assert_eq!((by.from, by.until), (NOW, Some(NOW + 26 * MS)));
    assert!(matches!(lifetimes.at(2, NOW + 30 * MS), Answer::Free { before: Some(_), .. }));
}

#[test]
fn only_so_many_are_kept_and_the_rest_is_unknown_not_free() {
    let mut stage = Stage::bare();
    for round in 0..100 {
        let who = Who(7000 + round, 7000 + round, 6401, 0);
        stage.fork(BASH, who, b"short", 0);
        stage.wait(MS);
        stage.end(who, 0, BASH);
    }
    let mut lifetimes = Lifetimes::within(None).at_most(10);
    let mut late = Lifetimes::within(None).between(NOW + 500 * MS, u64::MAX);
    replay(&stage.events, |world, event, change, _| {
        lifetimes.add(world, event, change);
        late.add(world, event, change);
    });
    assert_eq!(lifetimes.of_number(7000).count(), 0);
    assert_eq!(lifetimes.of_number(7099).count(), 1);
    let why = lifetimes.at(7000, NOW + MS);
    assert!(matches!(why, Answer::Unknown { why: Unknown::Dropped(_), .. }), "{why:?}");
    assert_eq!((late.of_number(7000).count(), late.of_number(7099).count()), (0, 1));
}
