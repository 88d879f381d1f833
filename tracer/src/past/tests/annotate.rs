//! `pid --annotate`: PIDs in logs.

use super::{MS, replay, reused};
use crate::past::{Annotate, Lifetimes};
use crate::view::fixture::{CHILD, INIT, NESTED, Stage, Who, host};

fn nested(stage: &Stage) -> Lifetimes {
    let mut lifetimes = Lifetimes::within(Some(NESTED));
    replay(&stage.events, |world, event, change, _| lifetimes.add(world, event, change));
    lifetimes
}

/// The fixture's wall clock begins at 2026-03-01T12:00:00Z with the boot; its story at 10 s.
fn annotated(stage: &Stage, line: &str) -> String {
    let (lifetimes, host) = (nested(stage), host());
    let mut annotate = Annotate::new(&lifetimes, &host);
    let mut out = Vec::new();
    annotate.line(line.as_bytes(), &mut out);
    String::from_utf8(out).unwrap()
}

/// The nested host, where the child has ended and time goes on without losses.
fn quiet() -> Stage {
    let mut stage = Stage::nested();
    stage.wait(10 * MS);
    stage.rename(CHILD, b"a}\x1b[2Jb");
    stage.wait(10 * MS);
    stage.end(CHILD, 0, INIT);
    stage.wait(5000 * MS);
    stage.fork(INIT, Who(6431, 6431, 6427, 3), b"third", 0);
    stage.fork(Who(6431, 6431, 6427, 3), Who(6432, 6431, 6427, 4), b"worker", 0x1_0000);
    stage.wait(5000 * MS);
    stage.rename(INIT, b"late");
    stage
}

#[test]
fn a_pid_gains_its_holders_vector_and_name() {
    let stage = quiet();
    for (line, expected) in [
        ("[10.005000] sh[1]: x", "[10.005000] sh[1{6427/1 sh}]: x"),
        ("[10.005000] pid=2", "[10.005000] pid=2{6430/2 sleep}"),
        (
            "2026-03-01T12:00:10.015Z pid 2, ppid 1",
            "2026-03-01T12:00:10.015Z pid 2{6430/2 'a\\x7d\\x1b[2Jb'}, ppid 1{6427/1 sh}",
        ),
        ("[10.100000] reaped pid 2", "[10.100000] reaped pid 2{6430/2 'a\\x7d\\x1b[2Jb', gone}"),
        ("[14.000000] pid 2, 2 of 3", "[14.000000] pid 2{?}, 2 of 3"),
        ("[16.000000] tid=4", "[16.000000] tid=4{6432/4 worker, thread of 6431}"),
        ("no time, pid 1 now", "no time, pid 1{6427/1 late} now"),
        ("Mar  1 12:00:14 box sh[1]: x", "Mar  1 12:00:14 box sh[1{6427/1 sh}]: x"),
    ] {
        assert_eq!(annotated(&stage, line), expected);
    }
}

#[test]
fn what_is_not_certain_is_left_alone() {
    let stage = quiet();
    for line in [
        "[5.000000] pid 2 before the recording",
        "[500.000000] pid 2 after it",
        "2020-01-01T00:00:00Z pid 2 before the boot",
        "pid=2{6430/2 sleep}",
        "",
    ] {
        assert_eq!(annotated(&stage, line), line);
    }
    // two holders within the second that the line tells
    let twice = reused();
    let line = "2026-03-01T12:00:10Z pid 2";
    assert_eq!(annotated(&twice, line), line);
    // a loss
    let line = "[10.129000] pid 3";
    assert_eq!(annotated(&twice, line), line);
}

#[test]
fn a_line_without_a_time_has_that_of_the_line_before() {
    let (lifetimes, host) = (nested(&quiet()), host());
    let mut annotate = Annotate::new(&lifetimes, &host);
    let mut out = Vec::new();
    annotate.line(b"[10.005000] start\n", &mut out);
    annotate.line(b"  pid 2\r\n", &mut out);
    assert_eq!(out, b"[10.005000] start\n  pid 2{6430/2 sleep}\r\n");
    assert_eq!((annotate.tally.lines, annotate.tally.timed, annotate.tally.named), (2, 1, 1));
}

#[test]
fn whatever_comes_every_byte_of_it_stays() {
    let (lifetimes, host) = (nested(&quiet()), host());
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let parts: [&[u8]; 16] = [
        b"pid=",
        b"1",
        b"2",
        b"[",
        b"]",
        b": ",
        b"[10.005]",
        b"tid ",
        b"\xff",
        b"\n",
        b"{",
        b"}",
        b"Mar  1 12:00:10 ",
        b"2026-03-01T12:00:10",
        b"\0",
        b"9999999",
    ];
    for _ in 0..20_000 {
        let pick = |n: u64| parts[(n % 16) as usize];
        let line: Vec<u8> = (0..random() % 12).flat_map(|_| pick(random()).to_vec()).collect();
        let mut out = Vec::new();
        Annotate::new(&lifetimes, &host).line(&line, &mut out);
        // the line is what is left without what was added
        let mut rest = &line[..];
        let mut at = 0;
        while at < out.len() {
            if rest.first() == Some(&out[at]) {
                rest = &rest[1..];
                at += 1;
                continue;
            }
            assert_eq!(out[at], b'{', "{line:?} became {out:?}");
            at += out[at..].iter().position(|&b| b == b'}').unwrap() + 1;
        }
        assert!(rest.is_empty());
    }
}
