//! Sweeps, losses, and tasks that only `/proc` shows.

use super::super::{Certainty, Effect, TaskState};
use super::kernel::{Kernel, facts, key, pid_key, vector};
use crate::event::{Body, PidFacts, PidKey, Ptrace, bits};

#[test]
fn what_a_sweep_does_not_find_has_ended() {
    let mut kernel = Kernel::sees_all();
    let gone = kernel.fork(10, 20);
    let pid = kernel.pid(20);
    kernel.lose(5);
    assert_eq!((kernel.world.losses(), kernel.world.certain_since()), (5, None));
    let effects = kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert_eq!(effects, [Effect::Vanished(gone), Effect::PidFreed { pid, inferred: true }]);
    assert_eq!(kernel.world.task(gone).state, TaskState::Released);
    assert!(kernel.world.certain_since().is_some());
}

#[test]
fn only_a_whole_sweep_decides() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.mark(true, 2);
    kernel.show(facts(1, 1, 0), 2);
    assert_eq!(kernel.mark(false, 3).effects, []);
    assert_eq!(kernel.facts_of(20).state, TaskState::Running);
    // a loss during the sweep leaves the tables uncertain
    kernel.mark(true, 4);
    kernel.lose(1);
    for task in [facts(1, 1, 0), facts(10, 10, 1), facts(20, 20, 10)] {
        kernel.show(task, 4);
    }
    kernel.mark(false, 4);
    assert_eq!(kernel.world.certain_since(), None);
}

#[test]
fn births_and_deeds_during_a_sweep_count_as_seen() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.mark(true, 2);
    kernel.show(facts(1, 1, 0), 2);
    kernel.show(facts(10, 10, 1), 2);
    kernel.fork(10, 30);
    kernel.rename(key(20), 20, 20);
    assert_eq!(kernel.mark(false, 2).effects, []);
    assert_eq!(kernel.facts_of(30).state, TaskState::Running);
}

#[test]
fn a_thread_whose_exec_moves_it_past_the_iterator_is_spared() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.exit_with(20, 0, 0);
    let effects = kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1), facts(20, 20, 10)]);
    assert_eq!(effects, []);
    let change = kernel.exec(key(21), 21, 20);
    assert_eq!(change.task, Some(thread));
    assert_eq!(kernel.task(20), thread);
}

#[test]
fn a_thread_that_two_sweeps_pass_by_is_gone() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.exit_with(20, 0, 0);
    assert_eq!(kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1), facts(20, 20, 10)]), []);
    kernel.sweep(3, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert!(!kernel.world.task(thread).is_live());
    assert_eq!(kernel.world.counts().tasks, 2);
}

#[test]
fn a_zombie_that_is_gone_was_released() {
    let mut kernel = Kernel::tracepoints();
    let id = kernel.fork(10, 20);
    kernel.exit(20);
    let effects = kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert_eq!(effects[0], Effect::Released { task: id, by: None, inferred: true });
    assert_eq!(kernel.free_task(key(20), 20, 20).impossible, None);
}

#[test]
fn a_sweep_that_was_wrong_is_corrected_by_the_next() {
    let mut kernel = Kernel::sees_all();
    let gone = kernel.fork(10, 20);
    kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert!(!kernel.world.task(gone).is_live());
    kernel.mark(true, 3);
    let change = kernel.show(facts(20, 20, 10), 3);
    assert_eq!(change.effects.last(), Some(&Effect::Found(kernel.task(20))));
}

#[test]
fn what_only_proc_shows_is_not_swept() {
    let mut kernel = Kernel::sees_all();
    let mut task = facts(50, 50, 1);
    (task.task, task.pid, task.leader, task.pgrp, task.session) = (0, 0, 0, 0, 0);
    let body = Body::Snapshot { task, vector: vector(&[(0, 50)]), generation: 1, from_proc: true };
    let change = kernel.event((0, 0, 0), body.clone());
    let id = change.task.unwrap();
    assert_eq!(change.effects, [Effect::Found(id)]);
    assert_eq!(kernel.world.task(id).certainty, Certainty::Proc);
    assert_eq!(kernel.event((0, 0, 0), body).effects, []);
    assert_eq!(kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1)]), []);
    // a thread of it is born under our eyes, and hidden from the iterator all the same
    let thread = kernel.newtask(50, facts(51, 50, 1), &[(0, 51)], 0).task.unwrap();
    assert_eq!(kernel.world.process(thread).leader, id);
    assert_eq!(kernel.sweep(3, &[facts(1, 1, 0), facts(10, 10, 1)]), []);
    // an event that names it gives it its key
    assert_eq!(kernel.rename(key(50), 50, 50).task, Some(id));
    assert_eq!(kernel.world.task(id).key.0, key(50));
}

#[test]
fn a_held_pid_is_known_without_a_task() {
    let mut kernel = Kernel::tracepoints();
    let held = |nr| PidFacts { pid: PidKey(pid_key(nr)), ino: 3, vector: vector(&[(0, nr)]) };
    let pid = kernel.event((0, 0, 0), Body::HeldPid(held(70))).pid.unwrap();
    assert!(kernel.is_used(70));
    kernel.mark(true, 2);
    for task in [facts(1, 1, 0), facts(10, 10, 1)] {
        kernel.show(task, 2);
    }
    assert_eq!(kernel.event((0, 0, 0), Body::HeldPid(held(70))).pid, Some(pid));
    assert_eq!(kernel.mark(false, 2).effects, []);
    let effects = kernel.sweep(3, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert_eq!(effects, [Effect::PidFreed { pid, inferred: true }]);
}

#[test]
fn a_group_named_before_it_is_seen_is_completed_later() {
    let mut kernel = Kernel::sees_all();
    let mut task = facts(60, 60, 10);
    (task.pgrp, task.pgid) = (pid_key(61), 61);
    kernel.show(task, 1);
    let pid = kernel.pid(61);
    assert_eq!(kernel.world.pid(pid).pgrp_users, 1);
    kernel.show_at(facts(61, 61, 10), &[(0, 61), (1, 1)], 1);
    assert_eq!(kernel.facts_of(61).pid, Some(pid));
    assert_eq!(kernel.world.pid(pid).level(), 1);
}

#[test]
fn a_task_whose_exit_was_lost_and_that_waits_in_it_is_a_zombie() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    let mut exiting = facts(20, 20, 10);
    (exiting.flags, exiting.bits) = (exiting.flags | 0x4, exiting.bits & !bits::HAS_NSPROXY);
    let all = [facts(1, 1, 0), facts(10, 10, 1), exiting];
    kernel.sweep(2, &all);
    assert_eq!(kernel.facts_of(20).state, TaskState::Running, "its exit is on its way");
    kernel.lose(1);
    kernel.sweep(3, &all);
    assert_eq!(kernel.facts_of(20).state, TaskState::Zombie);
}

#[test]
fn a_held_pid_that_was_freed_before_its_record_is_none() {
    let mut kernel = Kernel::sees_all();
    kernel.mark(true, 2);
    kernel.show(facts(1, 1, 0), 2);
    kernel.show(facts(10, 10, 1), 2);
    kernel.fork(10, 20);
    let pid = kernel.pid(20);
    let vector = vector(&[(0, 20)]);
    kernel.event((0, 0, 0), Body::HeldPid(PidFacts { pid: PidKey(77), ino: 0, vector }));
    assert_eq!(kernel.pid(20), pid);
    assert_eq!(kernel.facts_of(20).state, TaskState::Running);
}

#[test]
fn threads_vanish_with_their_leader() {
    let mut kernel = Kernel::sees_all();
    let leader = kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.lose(5);
    // its number is given out again: all of the process has ended unseen
    let change = kernel.alloc(10, &[(0, 20)]);
    assert!(
        change.effects.contains(&Effect::Vanished(leader)) && kernel.world.has_vanished(leader)
    );
    assert!([leader, thread].iter().all(|&id| !kernel.world.task(id).is_live()));
    assert_eq!(kernel.world.counts().tasks, 2);
}

#[test]
fn a_thread_that_a_sweep_passes_by_vanishes_alone() {
    let mut kernel = Kernel::sees_all();
    let leader = kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.lose(5);
    kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1), facts(20, 20, 10)]);
    let vanished = [leader, thread].map(|id| kernel.world.has_vanished(id));
    assert_eq!(vanished, [false, true]);
    assert!(kernel.world.threads(leader).iter().eq([&leader]));
    // what is shown at its address is new
    kernel.mark(true, 3);
    let id = kernel.show(facts(21, 20, 10), 3).task.unwrap();
    assert!(id != thread && !kernel.world.has_vanished(id));
}

#[test]
fn a_tracer_that_a_sweep_has_yet_to_show_is_found_at_its_end() {
    for lets_go in [false, true] {
        let mut kernel = Kernel::sees_all();
        kernel.fork(10, 20);
        kernel.lose(5);
        kernel.mark(true, 2);
        for task in [facts(1, 1, 0), facts(10, 10, 1), facts(20, 20, 10)] {
            kernel.show(task, 2);
        }
        let mut link = Ptrace { task: key(20), tid: 20, tgid: 20, ..Ptrace::default() };
        (link.tracer, link.tracer_tgid) = (key(30), 30);
        kernel.event((key(30), 30, 30), Body::Ptrace(link));
        if lets_go {
            (link.tracer, link.tracer_tgid) = (0, 0);
            kernel.event((key(30), 30, 30), Body::Ptrace(link));
        }
        kernel.show(facts(30, 30, 10), 2);
        kernel.mark(false, 2);
        let tracer = (!lets_go).then(|| kernel.task(30));
        assert_eq!(kernel.facts_of(20).tracer, tracer);
    }
}
