//! Namespaces: made, entered, dying, freed, and found again under an old inode number.

use super::super::{Effect, NsFate, NsKind};
use super::kernel::{Kernel, ROOT_INUM, facts, key, ns_key, vector};
use crate::event::{Body, Cred, NsEnd, NsSet, PidNs, TaskFacts, ns_reason};

fn member(tid: i32, ppid: i32, ns: u32) -> TaskFacts {
    let mut task = facts(tid, tid, ppid);
    (task.for_children, task.for_children_inum) = (ns_key(ns), ROOT_INUM + ns);
    task
}

fn pid_ns(ns: u32, reason: u32) -> Body {
    Body::PidNs(PidNs {
        ns: ns_key(ns),
        parent: ns_key(0),
        ns_id: 40 + u64::from(ns),
        inum: ROOT_INUM + ns,
        parent_inum: ROOT_INUM,
        user_inum: 11,
        level: 1,
        allocated: 1 << 31 | 3,
        cursor: 8,
        pid_max: 4_194_304,
        reason,
        ..PidNs::default()
    })
}

fn end(ns: u32) -> NsEnd {
    NsEnd { ns: ns_key(ns), inum: ROOT_INUM + ns, level: 1, ..NsEnd::default() }
}

fn set(task: i32, inums: [u32; 8], flags: u64, reason: u32) -> Body {
    let ids = [0, 1002, 1003, 1004, 1005, 0, 1007, 1008];
    Body::NsSet(NsSet { task: key(task), flags, ids, inums, reason, ..NsSet::default() })
}

#[test]
fn a_pid_namespace_is_made_dies_and_is_freed() {
    let mut kernel = Kernel::sees_all();
    let change = kernel.by(10, pid_ns(1, ns_reason::CREATE));
    let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
    let by = Some(kernel.task(10));
    assert_eq!(change.effects, [Effect::NsCreated { ns, by }]);
    let read = kernel.world.ns(ns).pid.clone().unwrap();
    assert_eq!((read.allocated_read, read.cursor, read.parent), (3, 8, kernel.world.root_ns()));
    assert_eq!(kernel.world.ns(ns).owner, kernel.world.find_ns(NsKind::User, 11));
    kernel.alloc(10, &[(0, 20), (1, 1)]);
    let change = kernel.newtask(10, member(20, 10, 1), &[(0, 20), (1, 1)], 0x2000_0000);
    assert_eq!(change.effects, [Effect::Born(kernel.task(20))], "not created twice");
    kernel.exit(20);
    assert_eq!(kernel.by(20, Body::NsDying(end(1))).effects, [Effect::NsDying(ns)]);
    assert_eq!(kernel.by(20, Body::NsDying(end(1))).effects, []);
    kernel.release(10, key(20), 20, 20);
    kernel.free_pid(20);
    assert_eq!(kernel.world.ns(ns).fate, NsFate::Held);
    assert!(kernel.world.namespaces().any(|it| it == ns));
    let change = kernel.event((0, 0, 0), Body::NsDestroy(end(1)));
    assert_eq!(change.effects, [Effect::NsDestroyed(ns)]);
    assert!(!kernel.world.namespaces().any(|it| it == ns));
    assert_eq!(kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1), None);
    // the same address and inode number: another namespace
    let change = kernel.by(10, pid_ns(1, ns_reason::CREATE));
    assert!(matches!(change.effects[..], [Effect::NsCreated { ns: new, .. }] if new != ns));
}

#[test]
fn a_clone_tells_of_a_namespace_that_no_hook_showed() {
    let mut kernel = Kernel::tracepoints();
    let change = kernel.newtask(10, member(20, 10, 1), &[(0, 20), (1, 1)], 0x2000_0000);
    let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
    let by = Some(kernel.task(10));
    assert_eq!(change.effects, [Effect::NsCreated { ns, by }, Effect::Born(kernel.task(20))]);
    assert_eq!(kernel.exit(20).effects.last(), Some(&Effect::NsDying(ns)), "its init is dead");
    kernel.free_task(key(20), 20, 20);
    assert_eq!(kernel.world.ns(ns).fate, NsFate::Held);
    let effects = kernel.sweep(2, &[facts(1, 1, 0), facts(10, 10, 1)]);
    assert_eq!(effects, [Effect::NsDestroyed(ns)]);
}

#[test]
fn an_empty_namespace_that_awaits_children_is_kept() {
    let mut kernel = Kernel::tracepoints();
    let update = Body::Update { task: member(10, 1, 1), vector: vector(&[(0, 10)]) };
    let change = kernel.by(10, update);
    let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
    let entered = Effect::NsEntered {
        task: kernel.task(10),
        kind: NsKind::Pid,
        from: kernel.world.root_ns(),
        to: ns,
    };
    assert_eq!(change.effects, [Effect::NsFound(ns), entered]);
    assert_eq!(kernel.world.ns(ns).pid.as_ref().unwrap().awaited_by, 1);
    assert_eq!(kernel.sweep(2, &[facts(1, 1, 0), member(10, 1, 1)]), []);
    assert_eq!(kernel.world.task_active_pid_ns(kernel.task(10)), kernel.world.root_ns());
    kernel.exit(10);
    assert_eq!(kernel.world.ns(ns).pid.as_ref().unwrap().awaited_by, 0);
}

#[test]
fn unshare_makes_and_enters() {
    let mut kernel = Kernel::sees_all();
    let old = kernel.world.find_ns(NsKind::Net, 15).unwrap();
    let mut inums = facts(10, 10, 1).ns;
    inums[NsKind::Net.index()] = 95;
    let change = kernel.by(10, set(10, inums, 0x4000_0000, ns_reason::CREATE));
    let net = kernel.world.find_ns(NsKind::Net, 95).unwrap();
    let by = Some(kernel.task(10));
    assert_eq!(change.effects, [Effect::NsCreated { ns: net, by }]);
    assert_eq!(kernel.world.ns(net).ns_id, 1005);
    let change = kernel.by(10, set(10, inums, 0, ns_reason::ENTER));
    let task = kernel.task(10);
    let entered = Effect::NsEntered { task, kind: NsKind::Net, from: Some(old), to: net };
    assert_eq!(change.effects, [entered]);
    assert_eq!((kernel.world.ns(old).tasks, kernel.world.ns(net).tasks), (1, 1));
    // its last task ends: something may hold it, nothing is certain, it is not shown
    kernel.exit(10);
    kernel.release(1, key(10), 10, 10);
    assert_eq!(kernel.world.ns(net).fate, NsFate::Held);
    assert!(!kernel.world.namespaces().any(|it| it == net));
    // and setns brings a task back into it
    let change = kernel.by(1, set(1, inums, 0, ns_reason::ENTER));
    assert!(matches!(change.effects[..], [Effect::NsEntered { to, .. }] if to == net));
    assert_eq!(kernel.world.ns(net).fate, NsFate::Alive);
}

#[test]
fn a_clone_into_a_namespace_that_was_announced_makes_no_second_one() {
    let mut kernel = Kernel::sees_all();
    let mut child = facts(20, 20, 10);
    child.ns[NsKind::Net.index()] = 95;
    kernel.by(10, set(10, child.ns, 0x4000_0000, ns_reason::CREATE));
    kernel.alloc(10, &[(0, 20)]);
    let change = kernel.newtask(10, child, &[(0, 20)], 0x4000_0000);
    assert_eq!(change.effects, [Effect::Born(kernel.task(20))]);
    // without the announcement the birth itself tells
    let mut child = facts(21, 21, 10);
    child.ns[NsKind::Uts.index()] = 96;
    kernel.alloc(10, &[(0, 21)]);
    let change = kernel.newtask(10, child, &[(0, 21)], 0x0400_0000);
    assert!(matches!(change.effects[..], [Effect::NsCreated { .. }, Effect::Born(_)]));
}

#[test]
fn a_recycled_inode_number_is_another_namespace() {
    let mut kernel = Kernel::tracepoints();
    let mut child = facts(20, 20, 10);
    child.ns[NsKind::Net.index()] = 95;
    kernel.newtask(10, child, &[(0, 20)], 0x4000_0000);
    let old = kernel.world.find_ns(NsKind::Net, 95).unwrap();
    kernel.exit(20);
    kernel.free_task(key(20), 20, 20);
    let mut child = facts(21, 21, 10);
    child.ns[NsKind::Net.index()] = 95;
    let change = kernel.newtask(10, child, &[(0, 21)], 0x4000_0000);
    let new = kernel.world.find_ns(NsKind::Net, 95).unwrap();
    assert_ne!(old, new);
    assert_eq!(
        change.effects[..2],
        [Effect::NsDestroyed(old), Effect::NsCreated { ns: new, by: Some(kernel.task(10)) }]
    );
    assert_eq!(kernel.world.ns(old).fate, NsFate::Destroyed);
}

#[test]
fn credentials_bring_a_user_namespace() {
    let mut kernel = Kernel::sees_all();
    let first = kernel.world.find_ns(NsKind::User, 11).unwrap();
    let task = key(10);
    let cred = Cred { task, uid: 0, gid: 1, user_ns: 91, user_ns_parent: 11, ..Cred::default() };
    let change = kernel.by(10, Body::Cred(cred));
    let (id, ns) = (kernel.task(10), kernel.world.find_ns(NsKind::User, 91).unwrap());
    let entered = Effect::NsEntered { task: id, kind: NsKind::User, from: Some(first), to: ns };
    assert_eq!(change.effects, [Effect::NsCreated { ns, by: Some(id) }, entered]);
    assert_eq!(kernel.world.ns(ns).owner, Some(first));
    assert_eq!((kernel.facts_of(10).uid, kernel.facts_of(10).gid), (Some(0), Some(1)));
    assert_eq!(kernel.by(10, Body::Cred(cred)).effects, []);
}

#[test]
fn a_guessed_place_in_the_tree_gives_way_to_one_that_is_shown() {
    let mut kernel = Kernel::tracepoints();
    kernel.show(member(20, 10, 1), 1);
    let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
    let place = |kernel: &Kernel, ns| {
        let space = kernel.world.ns(ns).pid.clone().unwrap();
        (space.level, space.parent)
    };
    assert_eq!(place(&kernel, ns), (1, None));
    // nobody is in it yet, and it is two levels down
    let init = facts(30, 30, 10);
    kernel.show_at(init, &[(0, 30), (2, 3), (1, 1)], 1);
    let above = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 2);
    let now = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1);
    assert_eq!((place(&kernel, ns), now), ((2, above), Some(ns)));
}

#[test]
fn a_namespace_with_members_that_is_shown_elsewhere_is_another() {
    for (sees_end, mut kernel) in [(false, Kernel::tracepoints()), (true, Kernel::sees_all())] {
        kernel.show_at(facts(20, 20, 10), &[(0, 20), (1, 1)], 1);
        let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
        kernel.show_at(facts(30, 30, 10), &[(0, 30), (2, 3), (1, 1)], 1);
        let now = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
        // where its end would have been told, it is still there
        assert_eq!(now == ns, sees_end);
    }
}

/// Its end was lost, and the next one got its address and its inode number.
#[test]
fn a_namespace_with_another_id_or_level_is_another_one() {
    for (ns_id, level) in [(77, 1), (0, 2)] {
        let mut kernel = Kernel::sees_all();
        kernel.by(10, pid_ns(1, ns_reason::CREATE));
        kernel.alloc(10, &[(0, 20), (1, 1)]);
        kernel.newtask(10, member(20, 10, 1), &[(0, 20), (1, 1)], 0x2000_0000);
        let old = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
        kernel.lose(1);
        kernel.mark(true, 2);
        let Body::PidNs(facts) = pid_ns(1, ns_reason::SNAPSHOT) else { panic!() };
        kernel.event((0, 0, 0), Body::PidNs(facts));
        assert_eq!(kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1), Some(old));
        kernel.event((0, 0, 0), Body::PidNs(PidNs { ns_id, level, ..facts }));
        assert_ne!(kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1), Some(old));
        assert_eq!(kernel.world.ns(old).fate, NsFate::Destroyed);
    }
}

#[test]
fn a_namespace_that_takes_no_more_pids_is_dying_though_the_record_was_lost() {
    let mut kernel = Kernel::sees_all();
    kernel.by(10, pid_ns(1, ns_reason::CREATE));
    let ns = kernel.world.find_ns(NsKind::Pid, ROOT_INUM + 1).unwrap();
    kernel.lose(1);
    let Body::PidNs(facts) = pid_ns(1, ns_reason::SNAPSHOT) else { panic!() };
    kernel.event((0, 0, 0), Body::PidNs(facts));
    assert_eq!(kernel.world.ns(ns).fate, NsFate::Alive);
    kernel.event((0, 0, 0), Body::PidNs(PidNs { allocated: 2, ..facts }));
    assert_eq!(kernel.world.ns(ns).fate, NsFate::Dying);
}
