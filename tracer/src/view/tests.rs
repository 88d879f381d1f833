//! Tables and trees, against their text.

use super::fixture::{BASH, CHILD, INIT, NESTED, NOW, ROOT, Stage, Who, nested_ns};
use super::*;
use crate::event::{Body, Ptrace, ns_reason};
use crate::model::{NsKind, TaskId};

const PLAIN: Style = Style { color: false, ascii: false };

#[track_caller]
fn check(found: &str, expected: &str) {
    let expected = expected.trim_start_matches('\n');
    assert!(found == expected, "found\n{found}expected\n{expected}");
}

/// The nested stage with a thread, a zombie and a tracer.
fn crowd() -> Stage {
    let mut stage = Stage::nested();
    stage.fork(INIT, Who(6500, 6427, 6401, 9), b"worker", 0x1_0000);
    stage.fork(CHILD, Who(6440, 6440, 6430, 3), b"gone \x1b[2J", 0);
    stage.exit(Who(6440, 6440, 6430, 3), 0, 1);
    let link = Ptrace {
        task: fixture::key(6430),
        tracer: fixture::key(6401),
        tid: 6430,
        tgid: 6430,
        tracer_tgid: 6401,
        ..Ptrace::default()
    };
    stage.by(BASH, Body::Ptrace(link));
    stage
}

#[test]
fn the_task_table_shows_vectors_and_escapes_names() {
    let stage = crowd();
    let tasks: Vec<TaskId> = stage.world.tasks().collect();
    let mut out = String::new();
    table(&stage.world, &tasks, NOW, PLAIN, &mut out);
    check(
        &out,
        "
PID     TGID  PPID  PGID   SID   UID  STATE     AGE  PIDNS             COMM
1          1     0     1     1  1000  running  1 ms  pid:[4026531836]  systemd
6401    6401     1  6401  6401  1000  running  1 ms  pid:[4026531836]  bash
6427/1  6427  6401  6427  6401  1000  running  1 ms  pid:[4026532398]  sh
6430/2  6430  6427  6430  6401  1000  running  1 ms  pid:[4026532398]  sleep
6440/3  6440  6430  6440  6401  1000  zombie   1 ms  pid:[4026532398]  'gone \\x1b[2J'
6500/9  6427  6401  6427  6401  1000  running  1 ms  pid:[4026532398]  {worker}
",
    );
}

#[test]
fn the_tree_marks_namespaces_threads_zombies_and_tracers() {
    let stage = crowd();
    let tasks: Vec<TaskId> = stage.world.tasks().collect();
    let mut out = String::new();
    tree(&stage.world, &tasks, PLAIN, &mut out);
    check(
        &out,
        "
1 systemd
└─ 6401 bash
   └─ 6427/1 sh pid:[4026532398]
      ├─ 6430/2 sleep traced by 6401 (bash)
      │  └─ 6440/3 'gone \\x1b[2J' zombie
      └─ 6500/9 {worker}
",
    );
    let mut part = String::new();
    tree(&stage.world, &[stage.task(CHILD)], PLAIN, &mut part);
    check(&part, "6430/2 sleep traced by 6401 (bash)\n");
}

#[test]
fn namespaces_come_as_a_table_and_a_tree() {
    let mut stage = Stage::nested();
    let empty = crate::event::PidNs {
        ns: 3,
        parent: 2,
        inum: 4_026_532_500,
        parent_inum: NESTED,
        level: 2,
        ns_id: 0,
        ..nested_ns(ns_reason::CREATE)
    };
    stage.by(INIT, Body::PidNs(empty));
    let world = &stage.world;
    let list: Vec<_> = world
        .namespaces()
        .filter(|&ns| matches!(world.ns(ns).kind, NsKind::Pid | NsKind::Uts))
        .collect();
    let mut out = String::new();
    namespaces(world, &list, PLAIN, &mut out);
    check(
        &out,
        "
NAMESPACE           ID  TASKS   PID  COMMAND  OWNER              STATE
uts:[4026531838]     -      4     1  systemd  -                  alive
pid:[4026531836]     -      2     1  systemd  -                  alive
pid:[4026532398]  4711      2  6427  sh       user:[4026531837]  alive
pid:[4026532500]     -      0     -  -        user:[4026531837]  alive

PID NAMESPACES
pid:[4026531836] level 0, init 1 (systemd), 4 members, cursor 6431
└─ pid:[4026532398] level 1, init 6427/1 (sh), 2 members, cursor 3
   └─ pid:[4026532500] level 2, 0 members, no tasks
",
    );
}

#[test]
fn a_pid_is_shown_at_every_level_with_its_users() {
    let stage = Stage::nested();
    let id = stage.world.task(stage.task(CHILD)).pid.unwrap();
    let mut out = String::new();
    pid(&stage.world, id, PLAIN, &mut out);
    check(
        &out,
        "
pid 6430/2, ino 6930

LEVEL  NAMESPACE         NUMBER
    0  pid:[4026531836]    6430
    1  pid:[4026532398]       2

PIDTYPE_PID   6430 (sleep)
PIDTYPE_TGID  6430 (sleep)
PIDTYPE_PGID  6430 (sleep)
PIDTYPE_SID   -
",
    );
    assert!(out.contains(&ROOT.to_string()));
}

#[test]
fn a_handle_that_has_left_the_history_shows_nothing_harmful() {
    let stage = Stage::bare();
    let gone = crate::model::World::new();
    let mut out = String::new();
    tree(&gone, &[stage.task(BASH)], PLAIN, &mut out);
    table(&gone, &[stage.task(BASH)], NOW, PLAIN, &mut out);
    show(&gone, stage.task(BASH), None, PLAIN, &mut out);
    Json::new(&fixture::host()).task(&gone, stage.task(BASH), &mut out);
    assert!(out.starts_with("? ''"), "{out}");
}

#[test]
fn no_name_or_argument_can_harm_a_terminal_or_break_json() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as u8
    };
    let mut stage = Stage::nested();
    let lines = Lines::new(PLAIN, TimeFormat::Wall, &fixture::host(), NOW);
    let json = Json::new(&fixture::host());
    for _ in 0..300 {
        let name: [u8; 15] = std::array::from_fn(|_| random());
        let text: Vec<u8> = (0..40).map(|_| random()).collect();
        let rename = crate::event::Rename {
            task: fixture::key(6430),
            tid: 6430,
            tgid: 6430,
            comm: fixture::comm(&name),
            ..Default::default()
        };
        let mut all = stage.by(CHILD, Body::Rename(rename));
        all.extend(stage.exec(CHILD, &text, &text, 1));
        all.extend(stage.by(CHILD, Body::Rename(rename)));
        let tasks: Vec<TaskId> = stage.world.tasks().collect();
        let (mut out, mut objects) = (String::new(), String::new());
        for report in &all {
            lines.line(&stage.world, report, &mut out);
            json.event(&stage.world, report, &mut objects);
        }
        table(&stage.world, &tasks, NOW, PLAIN, &mut out);
        tree(&stage.world, &tasks, PLAIN, &mut out);
        show(&stage.world, stage.task(CHILD), None, PLAIN, &mut out);
        json.task(&stage.world, stage.task(CHILD), &mut objects);
        for line in objects.lines() {
            serde_json::from_str::<serde_json::Value>(line)
                .unwrap_or_else(|e| panic!("{e}: {line}"));
        }
        out.push_str(&objects);
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
    }
}
