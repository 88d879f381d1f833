//! An exec by a thread that does not lead its group.

use super::super::{Effect, TaskState};
use super::kernel::{Kernel, facts, key};

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
        (task.pid, task.start) = (super::kernel::pid_key(21), 200);
        self.show(task, 1)
    }
}

#[test]
fn a_failed_exec_shows_in_the_exit_alone() {
    let mut kernel = about_to_exec(Kernel::tracepoints());
    let (leader, thread) = (kernel.task(20), kernel.task(21));
    let exit = crate::event::Exit { task: key(21), group_dead: 1, ..Default::default() };
    let change = kernel.event((key(21), 20, 20), crate::event::Body::Exit(exit));
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
