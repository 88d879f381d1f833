//! The texts, on small hosts.

use super::super::fixture::{self, BASH, INIT, NOW, ROOT, Stage, Who, host, key};
use super::super::{Json, Lines, Style, TimeFormat};
use super::{answer, blame, diff, history, stats};
use crate::event::{AllocFail, Body, ForkFail, Ptrace};
use crate::filter::PidSpec;
use crate::past::tests::blame::coverage;
use crate::past::tests::{MS, replay, reused};
use crate::past::{self, Blame, Diff, Findings, History, Lifetimes, Limits, Stats};

/// When [`reused`] ends.
const END: u64 = NOW + 129 * MS;

fn followed(spec: &str) -> History {
    let mut history = History::new(spec.parse().unwrap());
    let world = replay(&reused().events, |world, event, change, reports| {
        history.add(world, event, change, reports);
    });
    history.finish(&world, END);
    history
}

fn lines() -> Lines {
    Lines::new(Style { color: false, ascii: true }, TimeFormat::Relative, &host(), NOW)
}

/// Every line is one JSON object, without anything harmful; answers them.
fn objects(text: &str) -> Vec<serde_json::Value> {
    assert!(!text.contains('\x1b'));
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

#[test]
fn a_history_reads_as_a_story() {
    let mut out = String::new();
    history(&lines(), &followed(&format!("2@{}", fixture::NESTED)), &mut out);
    assert_eq!(
        out,
        "\
6430/2 'sl\\x1b[2Jp', life 1 of 2
  numbers     6430 in pid:[4026531836], 2 in pid:[4026532398]
  process id  0a1b2c3d000040008000000000000001-6430-9999000000
  certainty   its birth was seen
   0.000000  fork        by fork of 6427 (sh), parent 6427 (sh), in pid:[4026532398] level 1
   0.010000  exec        /bin/sleep sleep 1
   0.010000  rename      'sl\\x1b[2Jp', was ls
   0.020000  exit        signal 9 (KILL), lived 21 ms, to be reaped by 6427 (sh)
   0.025000  release     by 6427 (sh), zombie for 5 ms, parent 6427 (sh)
   0.026000  free_pid    number free again, 1 ms after the release

6430/2 again, life 2 of 2
  numbers     6430 in pid:[4026531836], 2 in pid:[4026532398]
  process id  0a1b2c3d000040008000000000000001-6430-9999000000
  certainty   its birth was seen; 7 records lost meanwhile: some of what happened may be missing
   0.126000  fork        by fork of 6427 (sh), parent 6427 (sh), in pid:[4026532398] level 1
   0.127000  sid         6401 -> 6430/2
   0.127000  lost        LOST 7 records in the 1 ms before this: what happened then may be missing
   0.128000  exit        code 1, lived 129 ms, to be reaped by 6427 (sh)
  at the end: still a zombie, not reaped by 6427 (sh) for 1 ms
"
    );
}

#[test]
fn a_history_in_json_is_a_line_an_entry() {
    let mut out = String::new();
    Json::new(&host()).history(&followed("6430"), &mut out);
    let all = objects(&out);
    let types: Vec<_> = all.iter().map(|it| it["type"].as_str().unwrap()).collect();
    let first = ["life", "fork", "exec", "rename", "exit", "release", "free_pid"];
    assert_eq!(types, [&first[..], &["life", "fork", "sid", "lost", "exit"]].concat());
    assert_eq!(all[0]["process_id"], "0a1b2c3d000040008000000000000001-6430-9999000000");
    assert_eq!(all[0]["ns_inums"], serde_json::json!([ROOT, fixture::NESTED]));
    assert_eq!(all[0]["until"], NOW + 26 * MS);
    assert_eq!((&all[4]["exit_signal"], &all[4]["ppid"]), (&9.into(), &6427.into()));
    assert_eq!(all[5]["zombie_ns"], 5 * MS);
    assert_eq!(
        (&all[7]["until"], &all[7]["still"]["state"]),
        (&serde_json::Value::Null, &"zombie".into())
    );
    assert_eq!(all[3]["comm"], "sl\u{1b}[2Jp");
}

fn lifetimes() -> Lifetimes {
    let mut lifetimes = Lifetimes::of(spec());
    replay(&reused().events, |world, event, change, _| lifetimes.add(world, event, change));
    lifetimes
}

fn spec() -> PidSpec {
    PidSpec { nr: 2, ns: Some(fixture::NESTED) }
}

#[test]
fn whose_a_number_was_is_told_with_its_certainty() {
    let mut out = String::new();
    let lifetimes = lifetimes();
    for ms in [15, 50] {
        let ts = NOW + ms * MS;
        answer(&lines(), spec(), ts, &lifetimes.at(2, ts), &mut out);
    }
    let ts = NOW - 100 * MS;
    answer(&lines(), spec(), ts, &lifetimes.at(2, ts), &mut out);
    assert_eq!(
        out,
        "\
2@pid:[4026532398] at 0.015000: 6430/2 'sl\\x1b[2Jp'
  numbers     6430 in pid:[4026531836], 2 in pid:[4026532398]
  process id  0a1b2c3d000040008000000000000001-6430-9999000000
  in use      from 0.000000 until 0.026000 (26 ms)
  certainty   exact: its birth was seen
2@pid:[4026532398] at 0.050000: free
  before      6430/2 'sl\\x1b[2Jp', from 0.000000 until 0.026000 (26 ms)
  after       6430/2 again, from 0.126000 until the end of the recording
2@pid:[4026532398] at -0.100000: unknown, the recording knows no more until 0.000000
  after       6430/2 'sl\\x1b[2Jp', from 0.000000 until 0.026000 (26 ms)
"
    );
}

#[test]
fn whose_a_number_was_in_json() {
    let mut out = String::new();
    let (lifetimes, json) = (lifetimes(), Json::new(&host()));
    for ms in [15, 50, 100_000] {
        let ts = NOW + ms * MS;
        json.answer(spec(), ts, &lifetimes.at(2, ts), &mut out);
    }
    let all = objects(&out);
    let answers: Vec<_> = all.iter().map(|it| it["answer"].as_str().unwrap()).collect();
    assert_eq!(answers, ["held", "free", "unknown"]);
    assert_eq!((&all[0]["until"], &all[0]["sure"]), (&(NOW + 26 * MS).into(), &true.into()));
    assert_eq!(all[1]["before"]["ns_pids"], serde_json::json!([6430, 2]));
    assert_eq!(
        (&all[2]["why"], &all[2]["known_until"]),
        (&"after".into(), &(NOW + 129 * MS).into())
    );
}

/// The child's first life, against the end.
fn between() -> Diff {
    let stage = reused();
    let early = stage.events.iter().position(|event| event.header.ts > NOW).unwrap();
    let before = replay(&stage.events[..early], |_, _, _, _| ());
    past::diff(&before, &stage.world)
}

#[test]
fn what_differs_is_a_line_each() {
    let mut out = String::new();
    diff(&lines(), &between(), false, &mut out);
    assert_eq!(
        out,
        "\
+ 6430/2 again, parent 6427 (sh), in pid:[4026532398], a zombie
- 6430/2 sleep, signal 9 (KILL), lived 21 ms, reaped by 6427 (sh)
~ 6401 ls: exec at 0.129000, comm bash -> ls
processes: 1 appeared, 1 ended, 1 changed
namespaces: 0 appeared, 0 ended, 0 changed
"
    );
}

#[test]
fn what_differs_in_json() {
    let mut out = String::new();
    Json::new(&host()).diff(&between(), true, &mut out);
    let all = objects(&out);
    let changes: Vec<_> = all.iter().map(|it| it["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["appeared", "ended", "changed"]);
    assert_eq!((&all[1]["exit_signal"], &all[1]["by"]), (&9.into(), &INIT.0.into()));
    assert_eq!(
        all[2]["fields"][1],
        serde_json::json!({"field": "comm", "old": "bash", "new": "ls"})
    );
}

fn counted(stage: &Stage) -> (Stats, Findings) {
    let mut stats = Stats::default();
    let mut watch = Blame::new(&coverage(&[]));
    let world = replay(&stage.events, |world, event, change, reports| {
        stats.add(world, event, change, reports);
        watch.add(world, event, change);
    });
    stats.finish(&world);
    (stats, watch.finish(&world, stage.now))
}

#[test]
fn totals_read_in_sections() {
    let mut out = String::new();
    let (totals, findings) = counted(&reused());
    stats(&lines(), &totals, &findings, &mut out);
    let (head, rest) = out.split_once("\nNAMESPACES").unwrap();
    assert_eq!(
        head,
        "\
20 records, from 0.000000 to 0.129000, 129 ms
155 records/s on average, 20 in the busiest second (0.000000)
18 events: alloc_pid 3, fork 3, exec 2, rename 1, exit 2, release 1, free_pid 1, sid 1, \
ns_create 1, snapshot 2, lost 1
LOST 7 records in 1 gap: these numbers are too low
  7 records on CPU 1, from 0.126000 to 0.127000
processes: 3 made, 2 ended; threads: 0 made
most tasks at once: 4, at 0.000000
deepest level: 1, first reached by 6427/1

CREATORS
  6427 (sh): 2 tasks
  6401 (bash): 1 task

ENDS OF PROCESSES
  signal 9 (KILL): 1
  code 1: 1
"
    );
    let (_, blame) = rest.split_once("\n\n").unwrap();
    assert_eq!(
        blame,
        "\
ZOMBIES, BY PARENT
  6427 (sh): 1 not reaped for 1 ms: 6430 (again); 1 gone after 5 ms, at most 5 ms; it is the init of \
pid:[4026532398]

NAMESPACES STILL THERE
  pid:[4026532398] level 1, 129 ms, made by 6401 (ls): its init runs: 6427 (sh)
records were lost: what is said to be left may have ended unseen
"
    );
}

#[test]
fn totals_in_json() {
    let mut out = String::new();
    let (totals, findings) = counted(&reused());
    Json::new(&host()).stats(&totals, &findings, &mut out);
    let all = &objects(&out)[0];
    assert_eq!((&all["lost"], &all["gaps"]), (&7.into(), &1.into()));
    assert_eq!(all["zombie_parents"][0]["gone_ns"], 5 * MS);
    assert_eq!(all["zombies_left"], 1);
    assert_eq!(all["ns_alive"]["pid"], 2);
    assert_eq!(all["exits"][0]["exit_signal"], 9);
}

/// A tracer keeps a zombie, a group a number, and a fork fails.
fn blamed() -> (Findings, Stage) {
    let mut stage = Stage::nested();
    let (child, sleep, second) =
        (Who(7000, 7000, 6401, 0), Who(7001, 7001, 6401, 0), Who(7002, 7002, 6401, 0));
    stage.fork(BASH, child, b"sl\x1b[2Jp", 0);
    stage.fork(BASH, sleep, b"first", 0);
    let mut task = fixture::facts(second, b"second");
    (task.pgrp, task.pgid) = (0x10_0000 + 7001, 7001);
    let vector = fixture::vector(second);
    stage.by(BASH, Body::Fork { task, vector, flags: 0 });
    let ptrace = Ptrace { task: key(7000), tracer: key(6427), tid: 7000, ..Ptrace::default() };
    stage.by(INIT, Body::Ptrace(ptrace));
    stage.exit(child, 0, 1);
    stage.exit(sleep, 0, 1);
    stage.release(BASH, sleep);
    let alloc = AllocFail { inum: ROOT, errno: 17, allocated: 1 << 31 | 9, ..AllocFail::default() };
    stage.by(BASH, Body::AllocFail(alloc));
    stage.by(BASH, Body::ForkFail(ForkFail { inum: ROOT, errno: 17, ..ForkFail::default() }));
    stage.wait(4 * MS);
    (counted(&stage).1, stage)
}

#[test]
fn findings_read_as_who_is_to_blame() {
    let mut out = String::new();
    blame(lines().style(), &blamed().0, &mut out);
    assert_eq!(
        out,
        "
ZOMBIES, BY PARENT
  6401 (bash): 1 gone

ZOMBIES THAT THEIR PARENT CANNOT REAP
  7000 ('sl\\x1b[2Jp') for 4 ms: its tracer 6427 (sh) has not waited for it, parent 6401 (bash)

NUMBERS IN USE WITHOUT A TASK
  7001, once 7001 (first), for 4 ms: process group of 1: 7002 (second)

NAMESPACES STILL THERE
  pid:[4026532398] level 1, 4 ms, made by 6401 (bash): its init runs: 6427 (sh); 1 task in it: \
6430 (sleep)

FAILED FORKS
  1 EEXIST in pid:[4026531836] level 0: set_tid asks for numbers that cannot be had, \
9 numbers in use; refused 6401 (bash)
"
    );
}

#[test]
fn findings_and_breaches_in_json() {
    let mut out = String::new();
    let (mut findings, _) = blamed();
    findings.ask(|_| None);
    let json = Json::new(&host());
    json.findings(&findings, &mut out);
    let limits = Limits { max_zombies: Some(0), max_failed_forks: Some(0), ..Limits::default() };
    for breach in findings.breaches(&limits) {
        json.breach(&breach, &mut out);
    }
    let all = objects(&out);
    assert_eq!(all.len(), 3);
    let found = &all[0];
    assert_eq!((&found["type"], &found["zombies_left"]), (&"findings".into(), &1.into()));
    assert_eq!(found["zombies_kept"][0]["why"], "tracer");
    assert_eq!(found["zombies_kept"][0]["tracer"], 6427);
    assert_eq!(found["held_pids"][0]["users"][0]["comm"], "second");
    assert_eq!(found["ns_left"][0]["kept_by"][0]["what"], "init");
    let failure = &found["failures"][0];
    assert_eq!((&failure["limit"], &failure["error"]), (&"set_tid".into(), &"EEXIST".into()));
    assert_eq!((&all[1]["limit"], &all[1]["sure"]), (&"max-zombies".into(), &true.into()));
    assert_eq!(
        (&all[2]["limit"], &all[2]["subject"]),
        (&"max-failed-forks".into(), &"6401 (bash)".into())
    );
}
