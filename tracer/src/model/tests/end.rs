//! Exit, release, and the freeing of numbers.

use super::super::{Effect, Impossible, PidState, TaskState};
use super::kernel::{Kernel, facts, key};
use crate::event::{Body, Exit};

#[test]
fn a_zombie_waits_for_its_parent() {
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    assert_eq!(kernel.exit(20).effects, [Effect::Exited(id)]);
    let task = kernel.facts_of(20);
    assert_eq!((task.state, task.exit_code), (TaskState::Zombie, 256));
    assert!(task.exited > 0 && task.released == 0);
    let change = kernel.release(10, key(20), 20, 20);
    let by = Some(kernel.task(10));
    assert_eq!(change.effects, [Effect::Released { task: id, by, inferred: false }]);
    assert!(kernel.is_used(20), "until free_pid");
    let pid = kernel.world.task(id).pid.unwrap();
    assert_eq!(kernel.free_pid(20).effects, [Effect::PidFreed { pid, inferred: false }]);
    assert_eq!(kernel.world.pid(pid).state, PidState::Freed);
    assert_eq!(kernel.free_task(key(20), 20, 20).effects, []);
    assert_eq!(kernel.world.task(id).state, TaskState::Freed);
    assert_eq!(kernel.world.task(id).reaped_by, by);
}

#[test]
fn the_freeing_of_a_task_that_has_left_the_history_is_harmless() {
    let mut kernel = Kernel::sees_all();
    assert_eq!(kernel.free_task(99, 99, 99).impossible, Some(Impossible::UnknownTask));
    kernel.world.config.history = 2;
    for tid in 20..24 {
        kernel.fork(10, tid);
        kernel.exit(tid);
        kernel.release(10, key(tid), tid, tid);
    }
    let change = kernel.free_task(key(20), 20, 20);
    assert_eq!((change.task, change.impossible), (None, None));
    assert_eq!(change.effects, []);
    let change = kernel.free_task(key(23), 23, 23);
    assert_eq!((change.task.is_some(), change.impossible), (true, None));
}

#[test]
fn without_a_release_hook_the_freeing_of_the_task_proves_it() {
    let mut kernel = Kernel::tracepoints();
    let id = kernel.fork(10, 20);
    kernel.exit(20);
    let pid = kernel.pid(20);
    let change = kernel.free_task(key(20), 20, 20);
    let released = Effect::Released { task: id, by: None, inferred: true };
    assert_eq!(change.effects, [released, Effect::PidFreed { pid, inferred: true }]);
    assert_eq!(kernel.world.task(id).state, TaskState::Freed);
}

#[test]
fn without_a_release_hook_the_new_use_of_a_number_proves_it() {
    let mut kernel = Kernel::tracepoints();
    let old = kernel.fork(10, 20);
    let pid = kernel.pid(20);
    kernel.exit(20);
    let mut task = facts(20, 20, 10);
    (task.task, task.pid, task.start) = (key(99), 77, 5000);
    let change = kernel.newtask(10, task, &[(0, 20)], 0);
    assert_eq!(change.impossible, None);
    let released = Effect::Released { task: old, by: None, inferred: true };
    let freed = Effect::PidFreed { pid, inferred: true };
    assert_eq!(change.effects, [released, freed, Effect::Born(kernel.task(20))]);
    assert_eq!(kernel.free_task(key(20), 20, 20).effects, [], "it comes late");
    assert_eq!(kernel.world.task(kernel.task(20)).key.0, key(99));
}

#[test]
fn a_number_of_a_running_task_cannot_be_used_again() {
    for mut kernel in [Kernel::sees_all(), Kernel::tracepoints()] {
        let old = kernel.fork(10, 20);
        let pid = kernel.pid(20);
        let mut task = facts(20, 20, 10);
        (task.task, task.pid, task.start) = (key(99), 77, 5000);
        let change = kernel.newtask(10, task, &[(0, 20)], 0);
        assert_eq!(change.impossible, Some(Impossible::NumberInUse(pid)));
        assert!(change.effects.contains(&Effect::Vanished(old)));
        assert_eq!(kernel.facts_of(20).key.0, key(99), "the new one wins");
    }
}

#[test]
fn a_zombies_number_cannot_be_used_again_where_releases_are_seen() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    let pid = kernel.pid(20);
    kernel.exit(20);
    let mut task = facts(20, 20, 10);
    (task.task, task.pid) = (key(99), 77);
    let change = kernel.newtask(10, task, &[(0, 20)], 0);
    assert_eq!(change.impossible, Some(Impossible::NumberInUse(pid)));
}

#[test]
fn a_leader_that_exits_first_stays_until_its_threads_are_gone() {
    let mut kernel = Kernel::sees_all();
    let leader = kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.exit_with(20, 0, 0);
    assert_eq!(kernel.facts_of(20).state, TaskState::Zombie);
    assert_eq!(kernel.world.process(thread).threads.len(), 2);
    kernel.exit_with(21, 1, 0);
    kernel.release(21, key(21), 21, 20);
    assert_eq!(kernel.world.process(leader).threads[..], [leader]);
    kernel.release(10, key(20), 20, 20);
    assert_eq!(kernel.world.process(leader).threads[..], []);
    assert_eq!(kernel.world.process(leader).leader, leader, "it is remembered");
}

#[test]
fn what_comes_after_a_release_changes_nothing() {
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    kernel.exit(20);
    kernel.release(10, key(20), 20, 20);
    let after = Some(Impossible::AfterRelease(id));
    assert_eq!(kernel.release(10, key(20), 20, 20).impossible, after);
    assert_eq!(kernel.rename(key(20), 20, 20).impossible, after);
    assert_eq!(kernel.exec(key(20), 20, 20).impossible, after);
    assert_eq!(kernel.change_pid(20, 3, 20).impossible, after);
    assert_eq!(kernel.world.task(id).state, TaskState::Released);
}

#[test]
fn a_free_proves_the_release_that_was_not_seen() {
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    let pid = kernel.pid(20);
    kernel.exit(20);
    let released = Effect::Released { task: id, by: None, inferred: true };
    let change = kernel.free_pid(20);
    assert_eq!(change.effects, [released, Effect::PidFreed { pid, inferred: false }]);
}

/// The freeing of a thread was lost, and a process of other numbers exits at its address.
#[test]
fn what_another_process_does_at_an_old_address_is_not_the_old_ones() {
    let mut kernel = Kernel::tracepoints();
    let leader = kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    kernel.exit_with(21, 0, 0);
    kernel.lose(1);
    let exit = Exit { task: key(21), real_parent: key(20), ppid: 20, ..Exit::default() };
    kernel.event((key(21), 30, 30), Body::Exit(exit));
    assert_eq!(kernel.world.parent(leader), Some(kernel.task(10)));
    assert!(!kernel.world.lives(thread));
    assert_eq!(kernel.facts_of(30).state, TaskState::Zombie);
}
