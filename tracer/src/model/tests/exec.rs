//! An exec by a thread that does not lead its group.

use super::super::{Effect, TaskState};
use super::kernel::{Kernel, facts, key, pid_key};
use crate::event::{Body, FreePid};

/// A process 20 with a child 30 and a thread 21 that is about to exec: all else has exited.
fn about_to_exec(mut kernel: Kernel) -> Kernel {
    kernel.fork(10, 20);
    kernel.thread(20, 21, 10);
    kernel.fork(20, 30);
    kernel.exit_with(20, 0, 0);
    kernel
}

fn check_swapped(kernel: &Kernel, leader: super::super::TaskId) {
    let thread = kernel.task(20);
    let task = kernel.world.task(thread);
    assert_eq!((task.key.0, task.tid, task.birth_tid), (key(21), 20, 21));
    assert_eq!((task.start, task.birth), (200, 210));
    assert!(task.is_leader() && task.leader == Some(thread) && task.exit_signal == 17);
    assert_eq!(kernel.world.process(thread).leader, thread);
    let old = kernel.world.task(leader);
    assert_eq!((old.tid, old.exit_signal, old.is_leader()), (21, -1, false));
    assert_eq!(kernel.world.children(kernel.task(10)), [thread]);
    assert_eq!(kernel.world.children(thread), [kernel.task(30)]);
    assert_eq!(kernel.world.task_pgrp(thread), Some(kernel.pid(1)));
}

#[test]
fn exchange_tids_swaps_and_the_exec_finds_it_done() {
    let mut kernel = about_to_exec(Kernel::sees_all());
    let (leader, thread) = (kernel.task(20), kernel.task(21));
    let (group, own) = (kernel.pid(20), kernel.pid(21));
    let change = kernel.exchange(21, 20);
    let first = Effect::TidChanged { task: thread, old: Some(own), new: Some(group) };
    let second = Effect::TidChanged { task: leader, old: Some(group), new: Some(own) };
    assert_eq!(change.effects, [first, second]);
    check_swapped(&kernel, leader);
    let change = kernel.release(20, key(20), 21, 20);
    assert_eq!(change.task, Some(leader));
    assert_eq!(kernel.world.task(leader).state, TaskState::Released);
    kernel.free_pid(21);
    let change = kernel.exec(key(21), 21, 20);
    assert_eq!((change.effects.len(), change.task), (0, Some(thread)));
    assert!(kernel.facts_of(20).exec > 0);
    assert_eq!(kernel.world.pid(kernel.pid(1)).pgrp_users, 4, "the process still counts once");
    let change = kernel.free_task(key(20), 21, 20);
    assert_eq!((change.effects.len(), change.impossible), (0, None));
}

#[test]
fn rename_exec_and_the_reading_are_witnesses() {
    type Witness = fn(&mut Kernel);
    let witnesses: [Witness; 4] = [
        |kernel| drop(kernel.rename(key(21), 20, 20)),
        |kernel| drop(kernel.exec(key(21), 21, 20)),
        |kernel| {
            let mut task = facts(20, 20, 10);
            (task.task, task.leader) = (key(21), key(21));
            kernel.show(task, 1);
        },
        |kernel| drop(kernel.free_pid_of_swapped()),
    ];
    for witness in witnesses {
        let mut kernel = about_to_exec(Kernel::tracepoints());
        let leader = kernel.task(20);
        witness(&mut kernel);
        check_swapped(&kernel, leader);
        kernel.free_task(key(20), 21, 20);
        assert_eq!(kernel.world.task(leader).state, TaskState::Freed);
        assert!(kernel.is_used(20) && !kernel.is_used(21));
    }
}

impl Kernel {
    /// The old leader is seen with the thread's number.
    fn free_pid_of_swapped(&mut self) -> super::super::Change {
        let mut task = facts(21, 20, 10);
        (task.task, task.leader, task.exit_state) = (key(20), key(21), 0x20);
        (task.pid, task.start) = (pid_key(21), 200);
        self.show(task, 1)
    }
}

#[test]
fn a_failed_exec_shows_in_the_exit_alone() {
    let mut kernel = about_to_exec(Kernel::tracepoints());
    let (leader, thread) = (kernel.task(20), kernel.task(21));
    let exit = crate::event::Exit { task: key(21), group_dead: 1, ..Default::default() };
    let change = kernel.event((key(21), 20, 20), Body::Exit(exit));
    assert!(change.effects.contains(&Effect::Exited(thread)));
    assert_eq!(kernel.world.task(thread).tid, 20);
    assert_eq!(kernel.world.task(leader).tid, 21);
}

#[test]
fn the_free_of_the_threads_number_is_a_witness_too() {
    let mut kernel = about_to_exec(Kernel::sees_all());
    let leader = kernel.task(20);
    kernel.free_pid(21);
    assert_eq!(kernel.facts_of(20).key.0, key(21));
    assert_eq!(kernel.world.task(leader).state, TaskState::Released);
}

#[test]
fn an_exec_by_the_leader_swaps_nothing() {
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    let change = kernel.exec(key(20), 20, 20);
    assert_eq!((change.task, change.effects.len()), (Some(id), 0));
    assert_eq!(&kernel.facts_of(20).comm[..4], b"new\0");
    kernel.rename(key(20), 20, 20);
    assert_eq!(&kernel.facts_of(20).comm[..6], b"other\0");
}

#[test]
fn the_number_that_an_exec_frees_is_a_witness() {
    // told by the one that calls exec, and by another
    for actor in [(key(21), 20, 20), (key(1), 1, 1)] {
        let mut kernel = about_to_exec(Kernel::sees_all());
        let (leader, pid) = (kernel.task(20), pid_key(21));
        kernel.event(actor, Body::FreePid(FreePid { pid, nr: 21, ..FreePid::default() }));
        check_swapped(&kernel, leader);
        assert_eq!(kernel.world.task(leader).state, TaskState::Released);
        assert!(!kernel.is_used(21) && kernel.is_used(20));
    }
}

#[test]
fn the_number_of_a_thread_that_ends_is_no_witness_of_an_exec() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.exit_with(21, 0, 0);
    kernel.free_pid(21); // its release was lost
    assert_eq!(kernel.world.task(thread).state, TaskState::Released);
    assert_eq!(kernel.facts_of(20).key.0, key(20));
}

/// What is shown of a thread that has called exec behind the iterator.
fn moved() -> crate::event::TaskFacts {
    let mut task = facts(20, 20, 10);
    (task.task, task.leader) = (key(21), key(21));
    task
}

#[test]
fn behind_a_loss_only_a_sweep_itself_shows_that_an_old_leader_is_left() {
    for shown in [false, true] {
        let mut kernel = about_to_exec(Kernel::sees_all());
        let leader = kernel.task(20);
        kernel.lose(1);
        kernel.mark(true, 2);
        let mut child = facts(30, 30, 20);
        child.real_parent = key(21);
        for task in [facts(1, 1, 0), facts(10, 10, 1), moved(), child] {
            kernel.show(task, 2);
        }
        if shown {
            let mut old = facts(21, 20, 10);
            (old.task, old.leader, old.exit_state) = (key(20), key(21), 0x20);
            kernel.show(old, 2);
        }
        kernel.mark(false, 2);
        assert_eq!(kernel.world.task(leader).is_live(), shown);
        assert_eq!(kernel.facts_of(20).key.0, key(21));
    }
}

#[test]
fn who_calls_exec_has_the_parent_that_was_inferred_for_its_leader() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 15);
    kernel.fork(15, 20);
    kernel.thread(20, 21, 15);
    kernel.exit_with(20, 0, 0);
    kernel.exit(15);
    let thread = kernel.task(21);
    assert!(kernel.world.is_parent_inferred(thread));
    kernel.exchange(21, 20);
    assert!(kernel.world.is_parent_inferred(thread) && kernel.task(20) == thread);
}
