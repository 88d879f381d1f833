//! Process groups and sessions.

use super::super::{Effect, Impossible};
use super::kernel::{Kernel, facts, key, pid_key};

#[test]
fn setsid_moves_session_and_group() {
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    let (own, old) = (kernel.pid(20), kernel.pid(1));
    let change = kernel.change_pid(20, 3, 20);
    assert_eq!(change.effects, [Effect::Session { task: id, old: Some(old), new: own }]);
    let change = kernel.change_pid(20, 2, 20);
    assert_eq!(change.effects, [Effect::Pgrp { task: id, old: Some(old), new: own }]);
    assert_eq!(kernel.world.task_session(id), Some(own));
    assert_eq!(kernel.change_pid(20, 3, 20).effects, [], "once more changes nothing");
    let users = |pid| {
        let pid = kernel.world.pid(pid);
        (pid.pgrp_users, pid.session_users)
    };
    assert_eq!((users(own), users(old)), ((1, 1), (2, 2)));
}

#[test]
fn system_calls_do_the_same_where_no_function_is_hooked() {
    let mut kernel = Kernel::tracepoints();
    let id = kernel.fork(10, 20);
    let own = kernel.pid(20);
    let change = kernel.syscall(20, 112, [0; 3]);
    assert_eq!(change.effects.len(), 2);
    assert!(
        matches!(change.effects[0], Effect::Session { task, new, .. } if task == id && new == own)
    );
    // setpgid of a child, by its number and then by 0
    let child = kernel.fork(20, 30);
    let group = kernel.pid(30);
    let change = kernel.syscall(20, 109, [30, 0, 0]);
    assert_eq!(change.task, Some(child));
    assert_eq!(kernel.world.task_pgrp(child), Some(group));
    kernel.syscall(30, 109, [0, 20, 0]);
    assert_eq!(kernel.world.task_pgrp(child), Some(own));
    let change = kernel.syscall(30, 109, [999, 0, 0]);
    assert_eq!(change.impossible, Some(Impossible::UnknownTask));
}

#[test]
fn setpgid_counts_in_the_callers_namespace() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork_as(10, facts(20, 20, 10), &[(0, 20), (1, 1)]);
    let child = kernel.fork_as(20, facts(21, 21, 20), &[(0, 21), (1, 2)]);
    kernel.syscall(20, 109, [2, 2, 0]);
    assert_eq!(kernel.world.task_pgrp(child), Some(kernel.pid(21)));
}

#[test]
fn a_pid_lives_on_as_a_group() {
    let mut kernel = Kernel::tracepoints();
    let leader = kernel.fork(10, 20);
    kernel.syscall(20, 109, [0, 0, 0]);
    let mut member = facts(21, 21, 20);
    (member.pgrp, member.pgid) = (pid_key(20), 20);
    kernel.fork_as(20, member, &[(0, 21)]);
    let pid = kernel.pid(20);
    assert_eq!(kernel.world.pid(pid).pgrp_users, 2);
    kernel.exit(20);
    let change = kernel.free_task(key(20), 20, 20);
    assert_eq!(change.effects, [Effect::Released { task: leader, by: None, inferred: true }]);
    assert!(kernel.is_used(20) && kernel.world.is_held_only(pid));
    // its last user moves away
    let change = kernel.syscall(21, 109, [0, 0, 0]);
    assert_eq!(change.effects.last(), Some(&Effect::PidFreed { pid, inferred: true }));
    assert!(!kernel.is_used(20));
}

#[test]
fn the_last_user_that_ends_frees_a_group() {
    let mut kernel = Kernel::tracepoints();
    kernel.fork(10, 20);
    kernel.syscall(20, 112, [0; 3]);
    let mut member = facts(21, 21, 20);
    (member.pgrp, member.pgid) = (pid_key(20), 20);
    (member.session, member.sid) = (pid_key(20), 20);
    kernel.fork_as(20, member, &[(0, 21)]);
    let pid = kernel.pid(20);
    kernel.exit(20);
    kernel.free_task(key(20), 20, 20);
    kernel.exit(21);
    let change = kernel.free_task(key(21), 21, 21);
    assert!(change.effects.contains(&Effect::PidFreed { pid, inferred: true }));
    assert!(!kernel.is_used(20) && !kernel.is_used(21));
}

#[test]
fn with_a_hook_on_free_pid_nothing_is_inferred() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    kernel.exit(20);
    let change = kernel.release(10, key(20), 20, 20);
    assert_eq!(change.effects.len(), 1);
    assert!(kernel.is_used(20));
}

#[test]
fn the_idle_pid_is_in_no_table() {
    let mut kernel = Kernel::tracepoints();
    let before = kernel.world.pids().count();
    let mut thread = facts(2, 2, 0);
    (thread.pgrp, thread.session, thread.pgid, thread.sid) = (900, 900, 0, 0);
    let id = kernel.show(thread, 1).task.unwrap();
    let idle = kernel.world.task_pgrp(id).unwrap();
    assert!(kernel.world.pid(idle).is_idle());
    assert_eq!(kernel.world.pid(idle).pgrp_users, 1);
    assert_eq!(kernel.world.pids().count(), before + 1);
    assert!(!kernel.is_used(0));
    kernel.exit(2);
    kernel.free_task(key(2), 2, 2);
    assert!(kernel.world.pid(idle).is_live());
}
