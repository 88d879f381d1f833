//! The kernel's questions, from several viewpoints.

use super::super::{Impossible, NsKind, Sees, World};
use super::kernel::{Kernel, ROOT_INUM, facts, key, ns_key, pid_key, upid};
use crate::event::{Body, PidFacts, PidKey, Vector};

/// Three levels: 20 is 1 in ns 1, 30 is 5 in ns 1 and 1 in ns 2; 40 is 1 in ns 3, beside ns 1.
fn nested() -> Kernel {
    let mut kernel = Kernel::sees_all();
    let member = |tid, ppid, ns| {
        let mut task = facts(tid, tid, ppid);
        (task.for_children, task.for_children_inum) = (ns_key(ns), ROOT_INUM + ns);
        task
    };
    kernel.fork_as(10, member(20, 10, 1), &[(0, 20), (1, 1)]);
    kernel.fork_as(20, member(30, 20, 2), &[(0, 30), (1, 5), (2, 1)]);
    kernel.fork_as(10, member(40, 10, 3), &[(0, 40), (3, 1)]);
    kernel
}

#[test]
fn each_namespace_sees_its_own_number() {
    let kernel = nested();
    let world = &kernel.world;
    let ns = |n: u32| world.find_ns(NsKind::Pid, ROOT_INUM + n).unwrap();
    assert_eq!(world.root_ns(), Some(ns(0)));
    let pid = kernel.pid(30);
    assert_eq!([0, 1, 2, 3].map(|n| world.pid_nr_ns(pid, ns(n))), [30, 5, 1, 0]);
    let outer = kernel.pid(10);
    assert_eq!([0, 1, 2, 3].map(|n| world.pid_nr_ns(outer, ns(n))), [10, 0, 0, 0]);
    assert_eq!(world.find_pid_ns(5, ns(1)), Some(pid));
    assert_eq!(world.find_pid_ns(5, ns(3)), None);
    let viewers = [10, 20, 30, 40].map(|tid| kernel.task(tid));
    assert_eq!(viewers.map(|viewer| world.pid_vnr(pid, viewer)), [30, 5, 1, 0]);
    assert_eq!(world.task_tgid_nr_ns(kernel.task(30), ns(1)), 5);
    assert_eq!(world.task_active_pid_ns(kernel.task(30)), Some(ns(2)));
    let levels = [0, 1, 2, 3].map(|n| world.ns(ns(n)).level());
    assert_eq!(levels, [0, 1, 2, 1]);
    let parent = |n| world.ns(ns(n)).pid.as_ref().unwrap().parent;
    assert_eq!([0, 1, 2, 3].map(parent), [None, Some(ns(0)), Some(ns(1)), Some(ns(0))]);
    let members = |n| world.ns(ns(n)).pid.as_ref().unwrap().members;
    assert_eq!([0, 1, 2, 3].map(members), [5, 2, 1, 1]);
    assert_eq!(world.ns(ns(1)).pid.as_ref().unwrap().init, Some(kernel.pid(20)));
    assert_eq!(world.ns(ns(1)).pid.as_ref().unwrap().cursor, 6);
}

#[test]
fn walks_are_in_order() {
    let kernel = nested();
    let world = &kernel.world;
    let tids: Vec<_> = world.tasks().map(|id| world.task(id).tid).collect();
    assert_eq!(tids, [1, 10, 20, 30, 40]);
    let nrs: Vec<_> = world.pids().map(|id| world.pid(id).nr()).collect();
    assert_eq!(nrs, tids);
    let pid_spaces = world.namespaces().filter(|&ns| world.ns(ns).kind == NsKind::Pid);
    let inums: Vec<_> = pid_spaces.map(|ns| world.ns(ns).inum - ROOT_INUM).collect();
    assert_eq!(inums, [0, 1, 3, 2]);
    assert_eq!(world.children(kernel.task(10)), [kernel.task(20), kernel.task(40)]);
    let counts = world.counts();
    assert_eq!((counts.tasks, counts.processes, counts.pids), (5, 5, 5));
    assert_eq!(counts.namespaces, [1, 1, 1, 1, 1, 4, 1, 1]);
}

#[test]
fn a_vector_that_does_not_fit_the_tree_is_impossible() {
    let mut kernel = nested();
    let change = kernel.alloc(10, &[(0, 50), (2, 7)]);
    assert_eq!(change.impossible, Some(Impossible::BadVector(change.pid.unwrap())));
    let change = kernel.alloc(10, &[(0, 51), (1, 7)]);
    assert_eq!(change.impossible, None);
}

#[test]
fn a_handle_of_the_evicted_finds_a_placeholder() {
    let mut world = World::default();
    let mut kernel = Kernel::sees_all();
    let id = kernel.fork(10, 20);
    assert_eq!(world.task(id).tid, 0);
    assert!(!world.task(id).is_live());
    assert_eq!(world.process(id).threads.len(), 0);
    world.set_sees(Sees::TRACEPOINTS);
    assert_eq!(world.find_task(20), None);
    assert_eq!(world.namespaces().count(), 0);
}

#[test]
fn the_digest_tells_tables_apart_and_forgets_history() {
    let (mut one, mut other) = (nested(), nested());
    assert_eq!(one.world.digest(), other.world.digest());
    one.fork(10, 60);
    other.fork(10, 60);
    other.rename(key(60), 60, 60);
    assert_ne!(one.world.digest(), other.world.digest());
    for kernel in [&mut one, &mut other] {
        kernel.exit(60);
        kernel.release(10, key(60), 60, 60);
        kernel.free_pid(60);
    }
    assert_eq!(one.world.digest(), other.world.digest());
}

#[test]
fn a_deep_vector_is_taken_whole() {
    let mut kernel = Kernel::sees_all();
    let upids: Vec<_> = (0..33).map(|level| upid(level, 100 + level as i32)).collect();
    let vector = Vector::new(&upids).unwrap();
    let facts = PidFacts { pid: PidKey(pid_key(100)), ino: 9, vector };
    let pid = kernel.by(10, Body::AllocPid(facts)).pid.unwrap();
    assert_eq!(kernel.world.pid(pid).level(), 32);
    assert_eq!(kernel.world.pid(pid).nrs().last(), Some(132));
    let deepest = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 32).unwrap();
    assert_eq!(kernel.world.pid_nr_ns(pid, deepest), 132);
}
