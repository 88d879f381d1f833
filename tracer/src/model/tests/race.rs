//! What the kernel does between two hooks: records that are right, and already out of date.

use super::super::{Effect, TaskState};
use super::kernel::{Kernel, facts, key, ns_key, vector};
use crate::event::{Body, Exit, Header, Ptrace};

fn ptrace(
    kernel: &mut Kernel,
    by: i32,
    task: u64,
    tid: i32,
    tracer: i32,
) -> Option<super::super::Impossible> {
    let tracer_key = if tracer == 0 { 0 } else { key(tracer) };
    let facts = Ptrace {
        header: Header::default(),
        task,
        tracer: tracer_key,
        tid,
        tgid: tid,
        tracer_tgid: tracer,
        pad: 0,
    };
    kernel.by(by, Body::Ptrace(facts)).impossible
}

#[test]
fn a_tracer_is_let_go_of_behind_the_release() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    assert_eq!(ptrace(&mut kernel, 10, key(20), 20, 10), None);
    kernel.exit(20);
    kernel.release(10, key(20), 20, 20);
    // ptrace_release_task, inside release_task
    assert_eq!(ptrace(&mut kernel, 10, key(20), 20, 0), None);
    assert!(ptrace(&mut kernel, 10, key(20), 20, 10).is_some());
}

#[test]
fn a_child_is_traced_before_its_birth_is_told() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.exit(20);
    kernel.release(10, key(20), 20, 20);
    kernel.free_pid(20);
    kernel.free_task(key(20), 20, 20);
    // ptrace_init_task, inside copy_process; the memory is used again
    kernel.alloc(10, &[(0, 30)]);
    assert_eq!(ptrace(&mut kernel, 10, key(20), 30, 1), None);
    let mut child = facts(30, 30, 10);
    (child.task, child.leader, child.parent, child.parent_tgid) = (key(20), key(20), key(1), 1);
    child.ptrace = 1;
    let change = kernel.newtask(10, child, &[(0, 30)], 0x2000);
    assert_eq!(change.impossible, None);
    let task = kernel.facts_of(30);
    assert_eq!((task.key.0, task.tracer), (key(20), Some(kernel.task(1))));
}

#[test]
fn a_parent_that_has_exited_is_read_until_it_hands_its_children_on() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.fork(20, 30);
    kernel.exit(20);
    kernel.show(facts(30, 30, 20), 1);
    assert_eq!(kernel.facts_of(30).ppid, 1);
    // a thread that it makes meanwhile has the same parent
    kernel.thread(30, 31, 20);
    assert_eq!(kernel.facts_of(31).ppid, 1);
    // and so has a child that its sibling makes for it
    kernel.fork_as(30, facts(32, 32, 20), &[(0, 32)]);
    let sibling = kernel.facts_of(32);
    assert_eq!((sibling.ppid, sibling.parent_inferred), (1, true));
}

#[test]
fn no_thread_takes_over_from_the_last_one_alive() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.thread(20, 21, 10);
    kernel.fork(20, 30);
    // both have passed the decrement, one has told so
    let facts = kernel.facts_of(20);
    let exit = Exit {
        task: facts.key.0,
        real_parent: key(10),
        ppid: 10,
        reaper: key(1),
        reaper_tgid: 1,
        has_children: 1,
        group_dead: 0,
        live: 0,
        ..Exit::default()
    };
    kernel.by(20, Body::Exit(exit));
    assert_eq!(kernel.facts_of(30).ppid, 1);
}

#[test]
fn an_empty_list_of_children_proves_no_reaping_of_those_that_may_be_elsewhere() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork(10, 20);
    kernel.thread(20, 21, 10);
    kernel.fork(20, 30);
    kernel.exit(30);
    kernel.exit_with(20, 0, 1); // its sibling takes over, unless it exits at the same moment
    kernel.exit_with(21, 1, 0);
    assert_eq!(kernel.facts_of(30).state, TaskState::Zombie);
    assert_eq!(kernel.facts_of(30).ppid, 1);
}

#[test]
fn a_leader_with_threads_is_not_reaped() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork(10, 20);
    kernel.fork(20, 30);
    kernel.thread(30, 31, 20);
    kernel.exit_with(30, 0, 0);
    kernel.exit(20); // and says that it has no children
    assert_eq!(kernel.facts_of(30).state, TaskState::Zombie);
    assert_eq!(kernel.facts_of(31).state, TaskState::Running);
}

#[test]
fn a_namespace_that_is_made_is_not_the_one_before_it_at_the_same_place() {
    let mut kernel = Kernel::tracepoints();
    let mut init = facts(20, 20, 10);
    init.for_children = ns_key(1);
    kernel.newtask(10, init, &[(0, 20), (1, 1)], 0x2000_0000);
    kernel.exit(20);
    kernel.free_task(key(20), 20, 20);
    // no hook has told that it is gone; its address and its inode number are used again
    init = facts(30, 30, 10);
    init.for_children = ns_key(1);
    let body = Body::Fork { task: init, vector: vector(&[(0, 30), (1, 1)]), flags: 0x2000_0000 };
    let change = kernel.by(10, body);
    assert_eq!(change.impossible, None);
    assert!(change.effects.iter().any(|effect| matches!(effect, Effect::NsDestroyed(_))));
    assert!(change.effects.iter().any(|effect| matches!(effect, Effect::NsCreated { .. })));
}
