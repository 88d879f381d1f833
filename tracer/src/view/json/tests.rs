//! Every object, against the contract.

use serde_json::{Value, json};

use super::*;
use crate::coverage::{Hook, Plan};
use crate::event::{AllocFail, Body, ChangePid, Cred, ForkFail, Lost, NsEnd, Ptrace, ns_reason};
use crate::model::{NsKind, Reparent, ReparentReason};
use crate::view::What;
use crate::view::fixture::{
    BASH, CHILD, INIT, NESTED, NOW, ROOT, Stage, Who, host, key, nested_ns,
};

/// One line, which must be one whole object.
fn line(write: impl FnOnce(&mut String)) -> Value {
    let mut out = String::new();
    write(&mut out);
    assert_eq!(out.matches('\n').count(), 1, "{out}");
    assert!(out.ends_with("}\n") && !out.contains("null,\"ts\""), "{out}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

fn event(stage: &Stage, report: &Report) -> Value {
    line(|out| Json::new(&host()).event(&stage.world, report, out))
}

/// An event without what every event has, after checking that.
#[track_caller]
fn check(stage: &Stage, report: &Report, mut expected: Value) {
    let mut found = event(stage, report);
    let fields = found.as_object_mut().unwrap();
    assert_eq!(fields.remove("ts"), Some(json!(stage.now)));
    assert!(fields.remove("time").unwrap().as_str().unwrap().starts_with("2026-03-01T12:00:1"));
    assert_eq!(fields.remove("cpu"), Some(json!(1)));
    expected.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    assert_eq!(found, expected);
}

fn spaces(pid: u32) -> Value {
    json!({
        "user": 4_026_531_837_u32, "mnt": 4_026_531_841_u32, "uts": 4_026_531_838_u32,
        "ipc": 4_026_531_839_u32, "net": 4_026_531_840_u32, "pid": pid,
        "cgroup": 4_026_531_835_u32, "time": 4_026_531_834_u32, "pid_for_children": pid,
        "time_for_children": 4_026_531_834_u32,
    })
}

#[test]
fn a_fork_carries_the_whole_child() {
    let mut stage = Stage::bare();
    stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    let allocated = stage.alloc(BASH, INIT);
    check(
        &stage,
        &allocated[0],
        json!({
            "type": "alloc_pid", "tid": 6427, "creator": 6401, "creator_pid": 6401,
            "ns_pids": [6427, 1], "ns_inums": [ROOT, NESTED], "ino": "6927",
        }),
    );
    let born = stage.fork(BASH, INIT, b"sh", 0x2000_0000 | 1 << 40);
    check(
        &stage,
        &born[0],
        json!({
            "type": "fork", "pid": 6427, "tid": 6427, "ns_pids": [6427, 1], "comm": "sh",
            "ppid": 6401, "creator": 6401, "creator_pid": 6401,
            "flags": ["CLONE_NEWPID", "0x10000000000"], "exit_signal": 17,
            "start_ns": NOW - 1_000_000, "uid": 1000, "gid": 100, "pgid": 6427, "sid": 6401,
            "cgroup": "77", "ns": spaces(NESTED),
            "process_id": "0a1b2c3d000040008000000000000001-6427-9999000000",
        }),
    );
    let thread = stage.fork(INIT, Who(6500, 6427, 6401, 9), b"sh", 0x1_0000);
    let thread = event(&stage, &thread[0]);
    assert_eq!(thread["thread"], json!(true));
    assert_eq!((&thread["pid"], &thread["tid"]), (&json!(6427), &json!(6500)));
    assert!(thread.get("exit_signal").is_none());
}

#[test]
fn failures_carry_errno_and_namespace() {
    let mut stage = Stage::nested();
    let failed =
        ForkFail { ns: 2, flags: 0x2000_0000, inum: NESTED, errno: 11, ..ForkFail::default() };
    let failed = stage.by(BASH, Body::ForkFail(failed));
    check(
        &stage,
        &failed[0],
        json!({
            "type": "fork", "pid": 6401, "tid": 6401, "ns_pids": [6401], "comm": "bash",
            "error": "EAGAIN", "errno": 11, "ns": {"pid": NESTED}, "flags": ["CLONE_NEWPID"],
        }),
    );
    let refused = AllocFail { ns: 2, inum: NESTED, level: 1, errno: 9999, ..AllocFail::default() };
    let refused = stage.by(BASH, Body::AllocFail(refused));
    check(
        &stage,
        &refused[0],
        json!({
            "type": "alloc_pid", "pid": 6401, "tid": 6401, "ns_pids": [6401], "comm": "bash",
            "errno": 9999, "ns": {"pid": NESTED},
        }),
    );
}

#[test]
fn execs_carry_text_and_bytes_that_are_none_in_hex() {
    let mut stage = Stage::nested();
    let exec = stage.exec(CHILD, b"/bin/ls", b"ls\0\0\xff\0", 7);
    check(
        &stage,
        &exec[0],
        json!({
            "type": "exec", "pid": 6430, "tid": 6430, "ns_pids": [6430, 2], "comm": "ls",
            "filename": "/bin/ls", "args": ["ls", "", "\u{fffd}"], "args_hex": ["6c73", "", "ff"],
            "args_cut": true,
        }),
    );
    let exec = stage.exec(CHILD, b"/\x9b", b"", 0);
    let exec = event(&stage, &exec[0]);
    assert_eq!((&exec["filename_hex"], exec.get("args")), (&json!("2f9b"), None));
}

#[test]
fn ends_carry_how_and_by_whom() {
    let mut stage = Stage::nested();
    let who = json!({"pid": 6430, "tid": 6430, "ns_pids": [6430, 2], "comm": "sleep"});
    let with = |more: Value| {
        let mut all = who.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let exit = stage.exit(CHILD, 0x8b, 1);
    check(
        &stage,
        &exit[0],
        with(json!({
            "type": "exit", "exit_signal": 11, "core_dumped": true, "group_dead": true,
            "lived_ns": 1_000_000,
        })),
    );
    stage.now += 1_200_000;
    let released = stage.release(INIT, CHILD);
    check(
        &stage,
        &released[0],
        with(json!({
            "type": "release", "by": 6427, "inferred": false, "zombie_ns": 1_200_000,
        })),
    );
    let freed = stage.free_pid(INIT, CHILD);
    check(&stage, &freed[0], with(json!({"type": "free_pid", "inferred": false})));
    let exit = stage.exit(INIT, 3 << 8, 2);
    let exit = event(&stage, &exit[0]);
    assert_eq!((&exit["exit_code"], exit.get("group_dead")), (&json!(3), None));
}

#[test]
fn parents_groups_tracers_and_credentials() {
    let mut stage = Stage::nested();
    let who = json!({"pid": 6430, "tid": 6430, "ns_pids": [6430, 2], "comm": "sleep"});
    let with = |more: Value| {
        let mut all = who.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let change = ChangePid {
        task: key(6430),
        pid: 0x10_0000 + 6427,
        tid: 6430,
        ty: 2,
        nr: 6427,
        ..ChangePid::default()
    };
    let pgid = stage.by(CHILD, Body::ChangePid(change));
    check(
        &stage,
        &pgid[0],
        with(json!({
            "type": "pgid", "pgid": 6427, "old_pgid": 6430, "ns_pgids": [6427, 1],
        })),
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
    check(&stage, &traced[0], with(json!({"type": "ptrace", "tracer": 6401})));
    let cred = Cred { task: key(6430), uid: 0, gid: 5, user_ns: 4_026_531_837, ..Cred::default() };
    let cred = stage.by(CHILD, Body::Cred(cred));
    check(
        &stage,
        &cred[0],
        with(json!({
            "type": "cred", "uid": 0, "gid": 5, "ns": spaces(NESTED),
        })),
    );
    let (child, from, to) = (stage.task(CHILD), stage.task(INIT), stage.task(BASH));
    let why = ReparentReason::Subreaper;
    let change = Reparent { child, from: Some(from), to: Some(to), why, inferred: true };
    let what = What::Reparent(change);
    let report = Report { ts: NOW, cpu: 1, task: Some(child), actor_tid: 0, actor_tgid: 0, what };
    check(
        &stage,
        &report,
        with(json!({
            "type": "reparent", "ppid": 6401, "old_ppid": 6427, "why": "subreaper", "inferred": true,
        })),
    );
}

#[test]
fn namespaces_and_losses() {
    let mut stage = Stage::bare();
    let made = stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    check(
        &stage,
        &made[0],
        json!({
            "type": "ns_create", "pid": 6401, "tid": 6401, "ns_pids": [6401], "comm": "bash",
            "kind": "pid", "inum": NESTED, "ns_id": "4711", "level": 1, "parent": ROOT, "by": 6401,
            "owner": 4_026_531_837_u32,
        }),
    );
    let end = NsEnd { ns: 2, inum: NESTED, level: 1, ..NsEnd::default() };
    let gone = stage.by(BASH, Body::NsDestroy(end));
    check(
        &stage,
        &gone[0],
        json!({
            "type": "ns_destroy", "kind": "pid", "inum": NESTED, "level": 1,
        }),
    );
    let lost = stage.by(BASH, Body::Lost(Lost { cpu: 1, count: 12, since: 0 }));
    check(&stage, &lost[0], json!({"type": "lost", "count": 12}));
}

#[test]
fn the_header_names_every_fact() {
    let hook = Hook {
        fact: Fact::Fork,
        place: "tp_btf/task_newtask".into(),
        plan: Plan::Trampoline,
        refused: None,
    };
    let coverage = Coverage { hooks: vec![hook], ..Coverage::default() };
    let header = line(|out| Json::new(&host()).header(&coverage, out));
    assert_eq!((&header["type"], &header["schema"]), (&json!("header"), &json!(1)));
    assert_eq!((&header["release"], &header["host"]), (&json!("6.12.0"), &json!("box")));
    assert_eq!(header["plan"], json!("trampoline"));
    assert_eq!(header["coverage"]["fork"], json!("tp_btf/task_newtask"));
    assert_eq!(header["coverage"]["ns_destroy"], Value::Null);
    assert_eq!(header["coverage"].as_object().unwrap().len(), Fact::ALL.len());
}

#[test]
fn rows_of_tasks_namespaces_and_pids() {
    let stage = Stage::nested();
    let json = Json::new(&host());
    let task = line(|out| json.task(&stage.world, stage.task(CHILD), out));
    assert_eq!(
        task,
        json!({
            "type": "task", "pid": 6430, "tid": 6430, "ns_pids": [6430, 2], "comm": "sleep",
            "state": "running", "ppid": 6427, "creator": 6427, "exit_signal": 17,
            "start_ns": NOW - 1_000_000, "uid": 1000, "gid": 100, "pgid": 6430, "sid": 6401,
            "cgroup": "77", "process_id": "0a1b2c3d000040008000000000000001-6430-9999000000",
            "ns": spaces(NESTED), "certainty": "observed",
        })
    );
    let nested = stage.world.find_ns(NsKind::Pid, NESTED).unwrap();
    let ns = line(|out| json.namespace(&stage.world, nested, out));
    assert_eq!(
        ns,
        json!({
            "type": "namespace", "kind": "pid", "inum": NESTED, "ns_id": "4711", "tasks": 2,
            "fate": "alive", "level": 1, "parent": ROOT, "init": [6427, 1], "members": 2,
            "cursor": 3, "owner": 4_026_531_837_u32, "pid": 6427, "comm": "sh",
        })
    );
    let pid = stage.world.task(stage.task(INIT)).pid.unwrap();
    let pid = line(|out| json.pid(&stage.world, pid, out));
    assert_eq!((&pid["ns_pids"], &pid["ns_inums"]), (&json!([6427, 1]), &json!([ROOT, NESTED])));
    assert_eq!((&pid["ino"], &pid["state"]), (&json!("6927"), &json!("attached")));
    assert_eq!(pid["tasks"], json!({"pid": [6427], "tgid": [6427], "pgid": [6427], "sid": []}));
    assert_eq!(pid["task"]["comm"], json!("sh"));
}

#[test]
fn the_summary_has_totals_zombies_and_the_commands_end() {
    let mut stage = Stage::bare();
    let mut summary = Summary::default();
    summary.command = Some(crate::view::Command { status: 9 });
    let mut all = stage.by(BASH, Body::PidNs(nested_ns(ns_reason::CREATE)));
    all.extend(stage.fork(BASH, INIT, b"sh", 0));
    all.extend(stage.fork(INIT, CHILD, b"sleep", 0));
    all.extend(stage.exit(CHILD, 0, 1));
    all.extend(stage.by(BASH, Body::ForkFail(ForkFail { errno: 11, ..ForkFail::default() })));
    all.extend(stage.by(BASH, Body::Lost(Lost { cpu: 1, count: 12, since: 0 })));
    for report in &all {
        summary.add(&stage.world, report);
    }
    let found = line(|out| Json::new(&host()).summary(&stage.world, &summary, out));
    assert_eq!(
        found,
        json!({
            "type": "summary", "events": 6,
            "types": {"ns_create": 1, "fork": 3, "exit": 1, "lost": 1},
            "tasks": 2, "failed_forks": 1, "lost": 12, "namespaces": 1,
            "zombies": [{
                "pid": 6430, "tid": 6430, "ns_pids": [6430, 2], "comm": "sleep", "ppid": 6427,
                "parent_comm": "sh",
            }],
            "exit_signal": 9, "core_dumped": false,
        })
    );
    let mut text = String::new();
    summary.text(&stage.world, crate::view::Style::default(), &mut text);
    assert_eq!(
        text,
        "\
6 events, 2 tasks made, 1 namespace made
  fork 3, exit 1, ns_create 1, lost 1
1 fork failed: EAGAIN 1
zombie 6430/2 (sleep), not reaped by 6427 (sh) for 0 ns
LOST 12 records: what is shown is incomplete
command ended: signal 9 (KILL)
"
    );
}
