//! Parents: read, and inferred as the kernel chooses them.

use super::super::{Effect, Reparent, ReparentReason};
use super::kernel::{Kernel, facts, key, ns_key};
use crate::event::{Body, TaskFacts, bits};

fn reparents(effects: &[Effect]) -> Vec<Reparent> {
    let reparent = |effect: &Effect| match effect {
        Effect::Reparented(reparent) => Some(*reparent),
        _ => None,
    };
    effects.iter().filter_map(reparent).collect()
}

#[test]
fn an_orphan_goes_to_the_init_of_its_fathers_namespace() {
    let mut kernel = Kernel::sees_all();
    let father = kernel.fork(10, 20);
    let children = [kernel.fork(20, 30), kernel.fork(20, 31)];
    let init = kernel.task(1);
    let change = kernel.exit(20);
    assert_eq!(change.effects[0], Effect::Exited(father));
    let expect = children.map(|child| Reparent {
        child,
        from: Some(father),
        to: Some(init),
        why: ReparentReason::NamespaceInit,
        inferred: true,
    });
    assert_eq!(reparents(&change.effects), expect);
    let child = kernel.facts_of(30);
    assert_eq!((child.ppid, child.parent_inferred), (1, true));
    // the next reading confirms it
    assert_eq!(kernel.show(facts(30, 30, 1), 1).effects, []);
    assert!(!kernel.facts_of(30).parent_inferred);
    // or corrects it
    let change = kernel.show(facts(31, 31, 10), 1);
    let corrected = reparents(&change.effects);
    assert_eq!(corrected.len(), 1);
    assert_eq!((corrected[0].from, corrected[0].to), (Some(init), Some(kernel.task(10))));
    assert!(!corrected[0].inferred);
}

#[test]
fn the_kernels_own_answer_is_taken() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    let child = kernel.fork(20, 30);
    let change = kernel.exit_with(20, 1, 10);
    let seen = reparents(&change.effects);
    assert_eq!((seen[0].child, seen[0].to), (child, Some(kernel.task(10))));
    assert_eq!(seen[0].why, ReparentReason::Subreaper);
}

#[test]
fn an_orphan_goes_to_the_nearest_subreaper() {
    let mut kernel = Kernel::sees_all();
    let mut subreaper = facts(10, 10, 1);
    subreaper.bits = bits::SUBREAPER;
    kernel.show(subreaper, 1);
    let heir = |tid, ppid| {
        let mut task = facts(tid, tid, ppid);
        task.bits = bits::HAS_SUBREAPER;
        task
    };
    kernel.fork_as(10, heir(20, 10), &[(0, 20)]);
    kernel.fork_as(20, heir(30, 20), &[(0, 30)]);
    kernel.fork_as(30, heir(40, 30), &[(0, 40)]);
    let seen = reparents(&kernel.exit(30).effects);
    assert_eq!((seen[0].to, seen[0].why), (Some(kernel.task(10)), ReparentReason::Subreaper));
    // without the inherited flag it does not count
    kernel.fork(10, 50);
    kernel.fork(50, 60);
    let seen = reparents(&kernel.exit(50).effects);
    assert_eq!((seen[0].to, seen[0].why), (Some(kernel.task(1)), ReparentReason::NamespaceInit));
}

#[test]
fn a_sibling_thread_takes_over_quietly() {
    let mut kernel = Kernel::sees_all();
    kernel.fork(10, 20);
    let thread = kernel.thread(20, 21, 10);
    let child = kernel.fork(20, 30);
    assert_eq!(kernel.exit_with(20, 0, 0).effects, [Effect::Exited(kernel.task(20))]);
    assert_eq!(kernel.facts_of(30).real_parent, Some(thread));
    assert_eq!(kernel.facts_of(30).ppid, 20);
    assert_eq!(kernel.world.children(kernel.task(20)), [child]);
    let seen = reparents(&kernel.exit_with(21, 1, 0).effects);
    assert_eq!((seen[0].child, seen[0].to), (child, Some(kernel.task(1))));
}

#[test]
fn the_init_of_a_namespace_keeps_its_children() {
    let mut kernel = Kernel::sees_all();
    let mut init = facts(20, 20, 10);
    init.for_children = ns_key(1);
    let init = kernel.fork_as(10, init, &[(0, 20), (1, 1)]);
    let mut member = facts(30, 30, 20);
    member.for_children = ns_key(1);
    let father = kernel.fork_as(20, member, &[(0, 30), (1, 2)]);
    member = facts(31, 31, 30);
    let orphan = kernel.fork_as(30, member, &[(0, 31), (1, 3)]);
    let seen = reparents(&kernel.exit(30).effects);
    assert_eq!((seen[0].from, seen[0].to), (Some(father), Some(init)));
    assert_eq!(seen[0].why, ReparentReason::NamespaceInit);
    assert_eq!(reparents(&kernel.exit(20).effects), []);
    assert_eq!(kernel.world.task(orphan).real_parent, Some(init));
    // its end without theirs is possible only with losses
    kernel.lose(1);
    kernel.release(10, key(20), 20, 20);
    assert_eq!(kernel.facts_of(31).real_parent, None);
}

#[test]
fn a_change_that_nobody_saw_is_told() {
    let mut kernel = Kernel::sees_all();
    let child = kernel.fork(10, 20);
    let body = Body::Update { task: facts(20, 20, 1), vector: super::kernel::vector(&[(0, 20)]) };
    let seen = reparents(&kernel.by(20, body).effects);
    let expect = Reparent {
        child,
        from: Some(kernel.task(10)),
        to: Some(kernel.task(1)),
        why: ReparentReason::Unseen,
        inferred: false,
    };
    assert_eq!(seen, [expect]);
}

#[test]
fn a_tracer_comes_and_goes() {
    let mut kernel = Kernel::tracepoints();
    let id = kernel.fork(10, 20);
    let tracer = kernel.fork(10, 30);
    let change = kernel.syscall(30, 101, [16, 20, 0]);
    let traced = |tracer| [Effect::Traced { task: id, tracer }];
    assert_eq!(change.effects, traced(Some(tracer)));
    assert_eq!(kernel.syscall(30, 101, [0x4206, 20, 0]).effects, []);
    assert_eq!(kernel.syscall(30, 101, [17, 20, 0]).effects, traced(None));
    assert_eq!(kernel.syscall(20, 101, [0, 0, 0]).effects, traced(Some(kernel.task(10))));
    kernel.syscall(30, 101, [16, 20, 0]);
    kernel.exit(30);
    let change = kernel.free_task(key(30), 30, 30);
    assert!(change.effects.contains(&traced(None)[0]));
}

#[test]
fn a_thread_with_a_higher_number_is_the_parent_that_a_sweep_has_named() {
    let mut kernel = Kernel::sees_all();
    let child = TaskFacts { real_parent: key(31), parent: key(31), ..facts(20, 20, 15) };
    let thread = || facts(31, 15, 10);
    let all = || [facts(1, 1, 0), facts(10, 10, 1), facts(15, 15, 10), child, thread()];
    kernel.sweep(2, &all());
    let is_child = |kernel: &Kernel| {
        kernel.world.parent(kernel.task(20)) == Some(kernel.task(31))
            && !kernel.facts_of(20).parent_inferred
    };
    assert!(is_child(&kernel));
    // and so it stays
    kernel.sweep(3, &all());
    assert!(is_child(&kernel));
    // one that exits meanwhile hands it on
    kernel.exit_with(31, 0, 15);
    assert_eq!(kernel.world.parent(kernel.task(20)), Some(kernel.task(15)));
    assert!(kernel.facts_of(20).parent_inferred);
}
