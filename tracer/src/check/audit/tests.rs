//! Tests of the audit.

use super::RULE;
use crate::check::tests::script::{CLONE_PARENT, Script};
use crate::event::{Body, Event};

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
