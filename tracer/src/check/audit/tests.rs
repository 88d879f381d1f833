//! Tests of the audit.

use super::RULE;
use crate::check::tests::script::{CLONE_PARENT, Script};
use crate::event::{Body, Event, Header, Ptrace};

/// A sweep in which the last task shown has been changed by hand, and one more.
fn swept(script: &mut Script, change: impl Fn(&mut Body)) {
    script.sweep();
    let shows = |event: &Event| matches!(event.body, Body::Snapshot { .. });
    let at = script.events.iter().rposition(shows).unwrap();
    change(&mut script.events[at].body);
}

#[test]
fn a_group_that_no_setpgid_made_trips() {
    let mut script = Script::new();
    let child = script.fork(10);
    let pid = script.facts(10).pid;
    (script.facts(child).pgrp, script.facts(child).pgid) = (pid, 10);
    script.sweep();
    script.sweep();
    script.trips(&RULE);
}

#[test]
fn a_group_whose_setpgid_is_told_just_behind_is_near() {
    let mut script = Script::new();
    let child = script.fork(10);
    let own = script.facts(child).pid;
    swept(&mut script, |body| {
        let Body::Snapshot { task, .. } = body else { panic!("{body:?}") };
        (task.pgrp, task.pgid) = (own, task.tid);
    });
    let end = script.events.pop();
    script.change_pid(10, child, 2, child);
    script.append(end.unwrap());
    script.sweep();
    script.holds(&RULE);
}

#[test]
fn a_task_whose_birth_and_end_nobody_told_trips() {
    let mut script = Script::new();
    let child = script.fork(10);
    script.hide(0);
    script.hide(0);
    script.sweep();
    script.sweep();
    script.trips(&RULE);

    let mut script = Script::new();
    let gone = script.fork(10);
    script.tasks.remove(&gone);
    script.sweep();
    script.sweep();
    script.trips(&RULE);
    assert_ne!(child, 0);
}

#[test]
fn what_sweeps_show_of_a_busy_family_is_legal() {
    let mut script = Script::new();
    let child = script.fork(10);
    let orphan = script.clone_by(child, CLONE_PARENT);
    let grandchild = script.fork(child);
    script.exec(child);
    script.setsid(child);
    script.sweep();
    script.exit(child);
    script.sweep();
    script.release(child, 10);
    script.sweep();
    script.end(grandchild);
    script.end(orphan);
    script.sweep();
    script.holds(&RULE);
}

/// Another than its parent traces the task; whether that is told.
fn traced(told: bool) -> Script {
    let mut script = Script::new();
    let child = script.fork(10);
    let tracer = script.fork(10);
    let by = script.tasks[&tracer].facts;
    let facts = script.facts(child);
    (facts.parent, facts.parent_tgid, facts.ptrace) = (by.task, by.tgid, 1);
    let (task, tid, header) = (facts.task, facts.tid, Header::default());
    let link =
        Ptrace { header, task, tracer: by.task, tid, tgid: tid, tracer_tgid: by.tgid, pad: 0 };
    if told {
        script.write(tracer, 19, Body::Ptrace(link));
    }
    script.sweep();
    script.sweep();
    script
}

#[test]
fn a_tracer_that_no_attaching_told_trips() {
    traced(false).trips(&RULE);
    traced(true).holds(&RULE);
}

/// A host whose first sweep comes behind what 10 does.
fn early() -> Script {
    let mut script = Script::new();
    script.events.clear();
    script
}

#[test]
fn who_has_acted_before_the_first_sweep_and_is_not_shown_trips() {
    let mut script = early();
    script.rename(10, *b"name");
    let gone = script.tasks.remove(&10).unwrap();
    script.sweep();
    script.sweep();
    script.trips(&RULE);
    let mut script = early();
    script.tasks.insert(10, gone);
    script.rename(10, *b"name");
    script.last().header.actor_tgid = 9;
    script.sweep();
    script.sweep();
    script.trips(&RULE);
}

#[test]
fn who_has_acted_before_the_first_sweep_and_exited_is_near() {
    let mut script = early();
    let child = script.fork(10);
    script.rename(child, *b"name");
    script.rename(10, *b"name");
    script.end(child);
    script.sweep();
    script.sweep();
    script.holds(&RULE);
}

#[test]
fn a_task_before_the_first_sweep_whose_birth_is_missing_trips() {
    let history = |hidden: bool| {
        let mut script = early();
        let child = script.fork(10);
        if hidden {
            script.hide(0);
        }
        script.rename(child, *b"name");
        script.sweep();
        script.sweep();
        script
    };
    history(true).trips(&RULE);
    history(false).holds(&RULE);
}

#[test]
fn credentials_of_which_nothing_told_trip_it() {
    let mut script = Script::new();
    let child = script.fork(10);
    script.sweep();
    script.facts(child).uid = 7;
    script.sweep();
    script.sweep();
    script.trips(&RULE);
}
