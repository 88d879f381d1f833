//! Births, and finds.

use super::super::{Certainty, Effect, Impossible, TaskState};
use super::kernel::{Kernel, facts, key};
use crate::event::{Body, Vector};

#[test]
fn a_task_is_found_once() {
    let mut kernel = Kernel::sees_all();
    let digest = kernel.world.digest();
    let change = kernel.show(facts(10, 10, 1), 1);
    assert_eq!(change.effects, []);
    assert_eq!(change.task, Some(kernel.task(10)));
    assert_eq!(kernel.world.digest(), digest);
    let new = kernel.show(facts(11, 11, 10), 1);
    assert_eq!(new.effects, [Effect::Found(new.task.unwrap())]);
    assert_eq!(kernel.facts_of(11).certainty, Certainty::Snapshot);
}

#[test]
fn a_known_task_is_refreshed() {
    let mut kernel = Kernel::sees_all();
    let mut task = facts(10, 10, 1);
    task.comm = [b'x'; 16];
    task.uid = 0;
    assert_eq!(kernel.show(task, 2).effects, []);
    assert_eq!((kernel.facts_of(10).comm, kernel.facts_of(10).uid), ([b'x'; 16], Some(0)));
    task.exit_state = 0x20;
    assert_eq!(kernel.show(task, 2).effects, [Effect::Exited(kernel.task(10))]);
    assert_eq!(kernel.facts_of(10).state, TaskState::Zombie);
}

#[test]
fn a_birth_is_told_once_also_after_the_sweep_has_shown_the_child() {
    let mut kernel = Kernel::sees_all();
    kernel.alloc(10, &[(0, 20)]);
    kernel.show(facts(20, 20, 10), 1);
    let change = kernel.newtask(10, facts(20, 20, 10), &[(0, 20)], 0x11);
    let id = kernel.task(20);
    assert_eq!(change.effects, [Effect::Born(id)]);
    assert_eq!(change.impossible, None);
    let task = kernel.facts_of(20);
    assert_eq!((task.certainty, task.clone_flags), (Certainty::Observed, 0x11));
    assert_eq!((task.creator, task.creator_tid), (Some(kernel.task(10)), 10));
    let again = kernel.newtask(10, facts(20, 20, 10), &[(0, 20)], 0x11);
    assert_eq!((again.effects.len(), again.impossible), (0, Some(Impossible::BornTwice(id))));
}

#[test]
fn a_task_that_has_ended_is_not_brought_back() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.exit(20);
    let zombie = kernel.show(facts(20, 20, 10), 1);
    assert_eq!(zombie.effects, []);
    assert_eq!(kernel.facts_of(20).state, TaskState::Zombie);
    kernel.release(10, key(20), 20, 20);
    kernel.free_pid(20);
    let digest = kernel.world.digest();
    assert_eq!(kernel.show(facts(20, 20, 10), 1).effects, []);
    kernel.free_task(key(20), 20, 20);
    assert_eq!(kernel.show(facts(20, 20, 10), 1).effects, []);
    assert_eq!(kernel.world.digest(), digest);
    assert_eq!(kernel.world.find_task(20), None);
}

#[test]
fn a_task_released_while_it_was_read_makes_nothing() {
    let mut kernel = Kernel::sees_all();
    let body = Body::Snapshot {
        task: facts(20, 20, 10),
        vector: Vector::EMPTY,
        generation: 1,
        from_proc: false,
    };
    let change = kernel.event((0, 0, 0), body);
    assert_eq!((change.task, change.effects.len()), (None, 0));
}

#[test]
fn an_address_that_is_used_again_ends_the_old_task() {
    let mut kernel = Kernel::sees_all();
    let old = kernel.fork(10, 20);
    kernel.alloc(10, &[(0, 21)]);
    let mut task = facts(21, 21, 10);
    task.task = key(20);
    let change = kernel.newtask(10, task, &[(0, 21)], 0);
    let new = change.task.unwrap();
    assert_ne!(old, new);
    assert!(change.effects.contains(&Effect::Vanished(old)));
    assert_eq!(change.effects.last(), Some(&Effect::Born(new)));
    assert_eq!(kernel.world.task(old).state, TaskState::Released);
    // and when a sweep meets it
    let mut task = facts(22, 22, 10);
    task.task = key(20);
    let change = kernel.show(task, 2);
    assert_eq!(change.effects.first(), Some(&Effect::Vanished(new)));
    assert_eq!(change.effects.last(), Some(&Effect::Found(change.task.unwrap())));
    // a task at the address of one that has properly ended is simply new
    kernel.exit(10);
    kernel.release(1, key(10), 10, 10);
    let mut task = facts(23, 23, 1);
    task.task = key(10);
    let change = kernel.show(task, 2);
    assert_eq!(change.effects, [Effect::Found(kernel.task(23))]);
}

#[test]
fn a_thread_joins_its_process() {
    let mut kernel = Kernel::sees_all();
    let thread = kernel.thread(10, 11, 1);
    let leader = kernel.task(10);
    assert_eq!(kernel.world.process(thread).threads[..], [leader, thread]);
    assert_eq!(kernel.facts_of(11).leader, Some(leader));
    assert_eq!(kernel.facts_of(11).real_parent, Some(kernel.task(1)));
    assert_eq!(kernel.world.children(kernel.task(1)), [leader]);
    // a thread whose leader nobody has seen makes it known
    let change = kernel.show(facts(31, 30, 1), 1);
    let leader = kernel.task(30);
    assert_eq!(change.effects, [Effect::Found(leader), Effect::Found(kernel.task(31))]);
    assert_eq!(kernel.world.task(leader).certainty, Certainty::Inferred);
    assert_eq!(kernel.show(facts(30, 30, 1), 1).effects, []);
    assert_eq!(kernel.world.task(leader).certainty, Certainty::Snapshot);
}

#[test]
fn a_failed_fork_leaves_nothing() {
    let mut kernel = Kernel::sees_all();
    let digest = kernel.world.digest();
    let pid = kernel.alloc(10, &[(0, 20)]).pid.unwrap();
    assert!(kernel.is_used(20));
    let change = kernel.free_pid(20);
    assert_eq!(change.effects, [Effect::PidFreed { pid, inferred: false }]);
    assert_eq!(change.task, None);
    assert_ne!(kernel.world.digest(), digest, "the cursor has moved on");
    assert_eq!(kernel.free_pid(20).impossible, Some(Impossible::UnknownPid));
}

#[test]
fn an_event_about_a_stranger_makes_it_known() {
    let mut kernel = Kernel::sees_all();
    let change = kernel.rename(key(50), 50, 50);
    let id = change.task.unwrap();
    let renamed = Effect::Renamed { task: id, old: [0; 16] };
    assert_eq!(change.effects, [Effect::Found(id), renamed]);
    assert_eq!(kernel.world.task(id).certainty, Certainty::Inferred);
    assert_eq!(kernel.task(50), id);
    assert_eq!(kernel.show(facts(50, 50, 1), 1).effects, []);
    assert_eq!(kernel.facts_of(50).birth, 500);
    let change = kernel.release(1, key(60), 60, 60);
    assert_eq!((change.task, change.impossible), (None, Some(Impossible::UnknownTask)));
    let change = kernel.free_task(key(60), 60, 60);
    assert_eq!((change.task, change.impossible), (None, Some(Impossible::UnknownTask)));
}
