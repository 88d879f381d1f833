//! Every line, against its words.

use super::*;
use crate::event::{
    AllocFail, Body, ChangePid, Cred, ForkFail, FreeTask, Lost as Gap, NsEnd, Ptrace, Rename,
    ns_reason,
};
use crate::view::TimeFormat;
use crate::view::fixture::{
    BASH, CHILD, INIT, NESTED, NOW, ROOT, Stage, Who, comm, facts, host, key, nested_ns, vector,
};

const PLAIN: Style = Style { color: false, ascii: false };

fn lines(stage: &Stage, reports: &[Report]) -> String {
    let lines = Lines::new(PLAIN, TimeFormat::Relative, &host(), NOW);
    let mut out = String::new();
    for report in reports {
        lines.line(&stage.world, report, &mut out);
    }
    out
}

#[track_caller]
fn check(stage: &Stage, reports: &[Report], expected: &str) {
    let (found, expected) = (lines(stage, reports), expected.trim_start_matches('\n'));
    assert!(found == expected, "found\n{found}expected\n{expected}");
}

#[test]
fn forks_show_vector_creator_flags_and_namespace() {
    let mut stage = Stage::bare();
    let made = stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    check(&stage, &made, "
   0.000000  ns_create  6401             bash            pid:[4026532398] level 1 in pid:[4026531836] owner user:[4026531837]
");
    let allocated = stage.alloc(BASH, INIT);
    check(
        &stage,
        &allocated,
        "
   0.000000  alloc_pid  6427/1           -               for 6401 (bash) in pid:[4026532398]
",
    );
    let born = stage.fork(BASH, INIT, b"sh", 0x2000_0000 | 0x120_0000);
    check(&stage, &born, "
   0.000000  fork       6427/1           sh              by 6401 (bash) CLONE_NEWPID in pid:[4026532398]
");
    let thread = stage.fork(INIT, Who(6500, 6427, 6401, 9), "wörk er".as_bytes(), 0x3d_0f00);
    check(&stage, &thread, "
   0.000000  fork       6500/9           'wörk er'       thread of 6427, by 6427 (sh) in pid:[4026532398]
");
    let sibling = stage.fork(BASH, Who(6501, 6501, 1, 0), b"x", 0x8000 | 0x4100);
    check(&stage, &sibling, "
   0.000000  fork       6501             x               by 6401 (bash) parent 1 (systemd) CLONE_VM|CLONE_VFORK|CLONE_PARENT
");
}

#[test]
fn failed_forks_show_errno_and_the_namespace_that_refused() {
    let mut stage = Stage::nested();
    let refused = AllocFail { ns: 2, inum: NESTED, level: 1, errno: 11, ..AllocFail::default() };
    let refused = stage.by(BASH, Body::AllocFail(refused));
    check(&stage, &refused, "
   0.000000  alloc_pid  6401             bash            EAGAIN: no number in pid:[4026532398] level 1
");
    let failed =
        ForkFail { ns: 2, flags: 0x2000_0000, inum: NESTED, errno: 12, ..ForkFail::default() };
    let failed = stage.by(BASH, Body::ForkFail(failed));
    check(
        &stage,
        &failed,
        "
   0.000000  fork       6401             bash            ENOMEM in pid:[4026532398] CLONE_NEWPID
",
    );
}

#[test]
fn execs_show_path_and_quoted_arguments() {
    let mut stage = Stage::nested();
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0-l\0a b\0\x1b[2J\0", 0);
    check(
        &stage,
        &exec,
        "
   0.000000  exec       6430/2           ls              /bin/ls ls -l 'a b' $'\\x1b[2J'
",
    );
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0--very", 100);
    check(
        &stage,
        &exec,
        "
   0.000000  exec       6430/2           ls              /bin/ls ls --very…
",
    );
    let exec = stage.exec(CHILD, b"", b"", 10);
    check(&stage, &exec, "   0.000000  exec       6430/2           ls\n");
    let rename = Rename {
        task: key(6430),
        tid: 6430,
        tgid: 6430,
        comm: comm(b"\x1b[31m"),
        ..Rename::default()
    };
    let rename = stage.by(CHILD, Body::Rename(rename));
    check(
        &stage,
        &rename,
        "
   0.000000  rename     6430/2           '\\x1b[31m'      was ls
",
    );
}

#[test]
fn ends_show_code_reaper_and_zombie_time() {
    let mut stage = Stage::nested();
    let exit = stage.exit(CHILD, 65 << 8, 1);
    check(
        &stage,
        &exit,
        "
   0.000000  exit       6430/2           sleep           code 65, lived 1 ms
",
    );
    stage.now += 1_200_000;
    let released = stage.release(INIT, CHILD);
    check(
        &stage,
        &released,
        "
   0.001200  release    6430/2           sleep           by 6427 (sh), zombie 1.2 ms
",
    );
    let freed = stage.free_pid(INIT, CHILD);
    check(
        &stage,
        &freed,
        "
   0.001200  free_pid   6430/2           sleep           numbers free again
",
    );
    let exit = stage.exit(INIT, 0x89, 2);
    check(
        &stage,
        &exit[..1],
        "
   0.001200  exit       6427/1           sh              signal 9 (KILL) core dumped, lived 2.2 ms
",
    );
    let free = FreeTask { task: key(6427), tid: 6427, tgid: 6427, ..FreeTask::default() };
    let freed = stage.by(INIT, Body::FreeTask(free));
    check(
        &stage,
        &freed[..1],
        "
   0.001200  release    6427/1           sh              reaped, zombie 0 ns [inferred]
",
    );
}

#[test]
fn orphans_show_both_parents_and_why() {
    let mut stage = Stage::nested();
    stage.fork(CHILD, Who(6440, 6440, 6430, 3), b"orphan", 0);
    let exit = crate::event::Exit {
        task: key(6430),
        real_parent: key(6427),
        ppid: 6427,
        has_children: 1,
        reaper: key(6427),
        reaper_tgid: 6427,
        group_dead: 1,
        ..crate::event::Exit::default()
    };
    let reports = stage.by(CHILD, Body::Exit(exit));
    let orphan: Vec<Report> =
        reports.into_iter().filter(|report| report.what.ty() == Type::Reparent).collect();
    check(&stage, &orphan, "
   0.000000  reparent   6440/3           orphan          6430 (sleep) → 6427 (sh): parent died, namespace init [inferred]
");
}

#[test]
fn groups_namespaces_tracers_and_credentials_have_their_lines() {
    let mut stage = Stage::nested();
    let change = ChangePid {
        task: key(6430),
        pid: 0x10_0000 + 6430,
        tid: 6430,
        ty: 3,
        nr: 6430,
        ..ChangePid::default()
    };
    let sid = stage.by(CHILD, Body::ChangePid(change));
    check(
        &stage,
        &sid,
        "
   0.000000  sid        6430/2           sleep           6401 → 6430/2
",
    );
    let link = Ptrace {
        task: key(6430),
        tracer: key(6401),
        tid: 6430,
        tgid: 6430,
        tracer_tgid: 6401,
        ..Ptrace::default()
    };
    let traced = stage.by(BASH, Body::Ptrace(link));
    check(
        &stage,
        &traced,
        "
   0.000000  ptrace     6430/2           sleep           traced by 6401 (bash)
",
    );
    let unlink = Ptrace { tracer: 0, tracer_tgid: 0, ..link };
    let let_go = stage.by(BASH, Body::Ptrace(unlink));
    check(
        &stage,
        &let_go,
        "
   0.000000  ptrace     6430/2           sleep           no longer traced
",
    );
    let cred = Cred { task: key(6430), uid: 0, gid: 0, user_ns: 4_026_531_837, ..Cred::default() };
    let cred = stage.by(CHILD, Body::Cred(cred));
    check(
        &stage,
        &cred,
        "
   0.000000  cred       6430/2           sleep           uid 0 gid 0 user:[4026531837]
",
    );
    let end = NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() };
    let dying = stage.by(INIT, Body::NsDying(end));
    check(&stage, &dying, "
   0.000000  ns_dying   6427/1           sh              pid:[4026532398] level 1: its init dies, 2 members left
");
}

#[test]
fn entered_pid_namespaces_are_for_the_children() {
    let stage = Stage::nested();
    let (root, nested) = (
        stage.world.find_ns(crate::model::NsKind::Pid, ROOT),
        stage.world.find_ns(crate::model::NsKind::Pid, NESTED).unwrap(),
    );
    let what = What::NsEnter { kind: crate::model::NsKind::Pid, from: root, to: nested };
    let task = Some(stage.task(BASH));
    let report = Report { ts: NOW, cpu: 0, task, actor_tid: 6401, actor_tgid: 6401, what };
    check(&stage, &[report], "
   0.000000  ns_enter   6401             bash            children: pid:[4026531836] → pid:[4026532398]
");
}

#[test]
fn found_tasks_and_losses_are_said() {
    let mut stage = Stage::bare();
    let (task, vector) = (facts(Who(7, 7, 1, 0), b"cron"), vector(Who(7, 7, 1, 0)));
    let found = stage.by(BASH, Body::Snapshot { task, vector, generation: 1, from_proc: true });
    check(
        &stage,
        &found,
        "
   0.000000  snapshot   7                cron            parent 1 (systemd) running [from /proc]
",
    );
    stage.now += 5_000_000;
    let lost = stage.by(BASH, Body::Lost(Gap { cpu: 1, count: 123, since: NOW }));
    check(
        &stage,
        &lost[..1],
        "
   0.005000  lost       LOST 123 records on CPU 1 in the 5 ms before this
",
    );
}

#[test]
fn times_and_headings_stand_above_each_other() {
    let mut stage = Stage::bare();
    let reports = stage.fork(BASH, Who(7, 7, 6401, 0), b"x", 0);
    for (format, stamp) in [
        (TimeFormat::Relative, "   0.000000  "),
        (TimeFormat::Boot, "    10.000000000  "),
        (TimeFormat::Wall, "2026-03-01T12:00:10.000000000Z  "),
    ] {
        let writer = Lines::new(PLAIN, format, &host(), NOW);
        let (mut head, mut line) = (String::new(), String::new());
        writer.heading(&mut head);
        writer.line(&stage.world, &reports[0], &mut line);
        assert!(line.starts_with(stamp), "{line}");
        for (name, text) in [("EVENT", "fork"), ("PID", "7 "), ("DETAILS", "by 6401")] {
            assert_eq!(head.find(name), line.rfind(text), "{head}{line}");
        }
    }
}

#[test]
fn colours_only_frame_the_text() {
    let mut stage = Stage::nested();
    let reports = stage.exit(CHILD, 1 << 8, 1);
    let mut out = String::new();
    Lines::new(Style { color: true, ascii: true }, TimeFormat::Relative, &host(), NOW).line(
        &stage.world,
        &reports[0],
        &mut out,
    );
    let plain = out.replace("\x1b[2m", "").replace("\x1b[1;31m", "").replace("\x1b[0m", "");
    assert_eq!(plain, lines(&stage, &reports[..1]));
    assert!(out.contains("\x1b[1;31mexit\x1b[0m "), "{out:?}");
}
