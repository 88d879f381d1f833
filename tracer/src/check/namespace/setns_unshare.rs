//! Rule 62: what unshare, clone and setns make and change, and that nothing else does.

use super::{is_below, test_task};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, settle::Settle,
        violation::Finding,
    },
    coverage::Fact,
    event::{Cred, NsSet, TaskFacts, bits},
    model::{NsId, NsKind, TaskId, World},
};

/// The kinds that only setns and unshare change: not the user namespace, which is not part of an
/// nsproxy, nor the time namespace, which exec changes, nor the PID namespace for children.
pub(super) const PLAIN: [NsKind; 5] =
    [NsKind::Mnt, NsKind::Uts, NsKind::Ipc, NsKind::Net, NsKind::Cgroup];

/// `PROC_USER_INIT_INO` (include/linux/proc_ns.h).
pub(super) const INIT_USER: u32 = 0xefff_fffd;
/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x20_0000;
/// The first inode number that is given out (`PROC_DYNAMIC_FIRST`, fs/proc/generic.c).
pub(super) const DYNAMIC: u32 = 0xf000_0000;

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 62,
    id: "setns-unshare",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "clone and unshare make the namespaces that their flags name, and keep the others; \
                setns and unshare change those of the calling thread only, and nothing else does; a \
                PID namespace that is entered is the caller's own or lies below",
    source: "create_new_namespaces, switch_task_namespaces (kernel/nsproxy.c), pidns_install \
             (kernel/pid_namespace.c), commit_creds (kernel/cred.c)",
    needs: &[
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::NsCreate),
        Need::Fact(Fact::NsEnter),
        Need::Fact(Fact::NsDestroy),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Snapshot)],
        statement: "what a sweep's two passes and the calls in between say of a task's namespaces \
                    agrees",
    }),
    exceptions: &[
        "a sweep may read a task while it changes its namespaces, or exits",
        "exec may change the time namespace",
    ],
    trips: "unshare makes a network namespace that its flags do not name",
    near_miss: "unshare makes a PID namespace, and the caller's next child is its init",
};

/// The inode numbers of the initial namespaces below those that are given out, by kind: those of
/// mounts and of the network have had them since 6.18 only (include/uapi/linux/nsfs.h).
const INITIAL: [u32; 8] = [
    INIT_USER,
    0xefff_fff8,
    0xefff_fffe,
    0xefff_ffff,
    0xefff_fff9,
    0xefff_fffc,
    0xefff_fffb,
    0xefff_fffa,
];

/// Whether a task that a sweep shows may have these namespaces: a kernel thread has the initial ones,
/// but for its mounts.
pub(super) fn are_given(facts: &TaskFacts) -> bool {
    let kernel = facts.flags & PF_KTHREAD != 0;
    let kinds = NsKind::ALL.into_iter().zip(facts.ns.iter().zip(&INITIAL));
    kinds.into_iter().all(|(kind, (&inum, &first))| {
        let free = !kernel || matches!(kind, NsKind::Mnt | NsKind::Net);
        inum == 0 || inum == first || inum >= DYNAMIC && free
    })
}

pub(super) fn inum_of(world: &World, task: TaskId, kind: NsKind) -> u32 {
    world.inums_of(task).get(kind.index()).copied().unwrap_or(0)
}

pub(super) fn of(inums: &[u32; 8], kind: NsKind) -> u32 {
    inums.get(kind.index()).copied().unwrap_or(0)
}

/// The actor changes itself, and the key of the PID namespace fits its inode number.
fn shape(cx: &Cx<'_>, facts: &NsSet) -> (bool, Option<NsId>) {
    let ns = cx.world.ns_at(facts.for_children);
    let pid = of(&facts.inums, NsKind::Pid);
    let named = ns.is_none_or(|ns| matches!(cx.world.ns(ns).inum, had if had == pid || had == 0));
    (facts.task == cx.event.header.actor && named && facts.for_children != 0, ns)
}

fn same_ids(world: &World, facts: &NsSet, kind: NsKind) -> bool {
    let id = facts.ids.get(kind.index()).copied().unwrap_or(0);
    let known = world.find_ns(kind, of(&facts.inums, kind));
    let had = known.map_or(0, |ns| world.ns(ns).ns_id);
    had == 0 || id == 0 || had == id
}

fn fail(cx: &mut Cx<'_>, holds: bool, facts: &NsSet, expected: &str) {
    let world = cx.world;
    cx.test(&RULE, holds, || {
        let subject = world
            .at_key(facts.task)
            .map_or_else(Subject::record, |task| Subject::task(world, task));
        Finding::new(subject, expected, format!("flags {:#x}: {:?}", facts.flags, facts.inums))
    });
}

/// `create_new_namespaces` returns.
pub(in crate::check) fn created(cx: &mut Cx<'_>, facts: &NsSet, settle: &Settle) {
    if !cx.is_full(&RULE) {
        return;
    }
    let world = cx.world;
    let (own, ns) = shape(cx, facts);
    fail(cx, own && facts.flags != 0, facts, "namespaces for the caller itself");
    let Some(task) = world.at_key(facts.task).filter(|&task| world.runs(task)) else { return };
    if settle.doubts(facts.task) {
        return;
    }
    for kind in PLAIN {
        let (had, now) = (inum_of(world, task, kind), of(&facts.inums, kind));
        if had == 0 || now == 0 {
            continue;
        }
        let new = facts.flags & kind.clone_flag() != 0;
        let holds = (had != now) == new;
        fail(cx, holds && (new || same_ids(world, facts, kind)), facts, kind.name());
    }
    let had = inum_of(world, task, NsKind::User);
    let user = facts.flags & NsKind::User.clone_flag() != 0;
    let now = of(&facts.inums, NsKind::User);
    fail(cx, had == 0 || now == 0 || (had != now) == user, facts, "its user namespace");
    let (had, now) = (world.time_for_children_of(task), facts.time_for_children);
    let time = facts.flags & NsKind::Time.clone_flag() != 0;
    fail(cx, had == 0 || now == 0 || (had != now) == time, facts, "its time namespace");
    let (had, active) = (world.for_children(task), world.task_active_pid_ns(task));
    if facts.flags & NsKind::Pid.clone_flag() == 0 {
        fail(cx, had.is_none() || had == ns, facts, "its PID namespace for children");
        return;
    }
    let space = ns.and_then(|ns| world.ns(ns).pid.as_ref());
    let Some(space) = space else { return };
    let holds = space.members == 0 && (space.parent.is_none() || space.parent == active);
    fail(cx, holds, facts, "a new PID namespace in its own");
}

/// `switch_task_namespaces` is entered.
pub(in crate::check) fn entered(cx: &mut Cx<'_>, facts: &NsSet) {
    if !cx.is_full(&RULE) {
        return;
    }
    let world = cx.world;
    let (own, ns) = shape(cx, facts);
    fail(cx, own && facts.flags == 0, facts, "namespaces for the caller itself");
    let Some(task) = world.at_key(facts.task) else { return };
    if let (Some(ns), Some(active)) = (ns, world.task_active_pid_ns(task)) {
        let holds = is_below(world, ns, active) != Some(false);
        fail(cx, holds, facts, "its own PID namespace, or one below, for its children");
    }
    for kind in PLAIN {
        let same = inum_of(world, task, kind) == of(&facts.inums, kind);
        fail(cx, !same || same_ids(world, facts, kind), facts, kind.name());
    }
}

/// A sweep reads the namespaces of a task that it has shown before.
pub(in crate::check) fn found(cx: &mut Cx<'_>, facts: &NsSet, settle: &mut Settle, creates: bool) {
    let world = cx.world;
    let Some(task) = world.at_key(facts.task).filter(|&task| world.runs(task)) else { return };
    let children = world.for_children(task);
    let plain = |kind| {
        let (had, now) = (inum_of(world, task, kind), of(&facts.inums, kind));
        had == 0 || now == 0 || had == now && same_ids(world, facts, kind)
    };
    let holds = PLAIN.into_iter().all(plain)
        && children.is_none_or(|ns| {
            let inum = world.ns(ns).inum;
            let pid = of(&facts.inums, NsKind::Pid);
            world.key_of_ns(ns) == facts.for_children && (inum == pid || inum == 0)
        });
    let other = |kind: NsKind| {
        let now = of(&facts.inums, kind);
        now != 0 && inum_of(world, task, kind) == now && !same_ids(world, facts, kind)
    };
    if (creates || cx.is_full(&RULE)) && PLAIN.into_iter().any(other) {
        fail(cx, false, facts, "the ids that its namespaces had");
    }
    if holds {
        fail(cx, facts.flags == 0, facts, "no flags");
    } else if cx.is_full(&RULE) && cx.is_certain() {
        settle.differs(&RULE, (facts.task, 0), cx.event.header.ts, || {
            let observed = format!("{:?}", facts.inums);
            Finding::new(Subject::task(world, task), "the namespaces that it had", observed)
        });
    }
}

/// A sweep reads a task.
#[inline]
pub(in crate::check) fn read(cx: &mut Cx<'_>, task: &TaskFacts, settle: &mut Settle) {
    test_task(cx, &RULE, are_given(task), task, "namespaces that there are", || {
        format!("{:?}", task.ns)
    });
    let has = task.bits & bits::HAS_NSPROXY != 0;
    if !has || !cx.is_certain() || !cx.is_full(&RULE) {
        return;
    }
    let Some(id) = cx.world.at_key(task.task).filter(|&id| cx.world.runs(id)) else { return };
    let had = cx.world.inums_of(id);
    let same = |kind| {
        let (had, now) = (of(&had, kind), of(&task.ns, kind));
        had == now || had == 0 || now == 0
    };
    if PLAIN.into_iter().all(same) {
        settle.agrees(task.task);
        test_task(cx, &RULE, true, task, "", String::new);
        return;
    }
    settle.differs(&RULE, (task.task, 0), cx.event.header.ts, || {
        Finding::new(
            Subject::task_named(task.task, task.tid, task.tgid),
            format!("namespaces {had:?}"),
            format!("{:?}", task.ns),
        )
    });
}

/// `commit_creds` is entered.
pub(in crate::check) fn cred(cx: &mut Cx<'_>, facts: &Cred, has_ids: bool) {
    let first = facts.user_ns == INIT_USER;
    let may = |inum: u32| inum == INIT_USER || inum >= DYNAMIC;
    let whole = first == (facts.user_ns_parent == 0) && (first || may(facts.user_ns_parent));
    let ids = has_ids == (facts.user_ns_id != 0);
    cx.test_alone(&RULE, whole && ids && may(facts.user_ns), || {
        let read = format!("{} in {}", facts.user_ns, facts.user_ns_parent);
        Finding::new(Subject::record(), "the initial user namespace, or one in another", read)
    });
    if !cx.is_full(&RULE) {
        return;
    }
    let world = cx.world;
    let known = world.find_ns(NsKind::User, facts.user_ns).filter(|&ns| {
        let ns = world.ns(ns);
        ns.tasks > 0 && (ns.ns_id == facts.user_ns_id || ns.ns_id == 0)
    });
    let owner = known.and_then(|ns| world.ns(ns).owner).map(|owner| world.ns(owner).inum);
    let named = has_ids == (facts.user_ns_id != 0) && facts.user_ns != facts.user_ns_parent;
    let holds = facts.task == cx.event.header.actor
        && named
        && owner.is_none_or(|owner| owner == facts.user_ns_parent);
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::record(),
            "credentials of the actor, and a user namespace in the one that it was made in",
            format!("{} in {}", facts.user_ns, facts.user_ns_parent),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    const CLONE_NEWUTS: u64 = 0x0400_0000;

    #[test]
    fn a_namespace_that_the_flags_do_not_name_trips() {
        let mut script = Script::new();
        script.create(10, CLONE_NEWUTS);
        if let Body::NsSet(facts) = &mut script.last().body {
            facts.inums[4] = 77;
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_task_whose_namespaces_change_unseen_trips() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.facts(child).ns[2] = 77;
        script.sweep();
        script.trips(&RULE);
    }

    #[test]
    fn the_outer_namespace_for_children_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let member = script.fork(init);
        let outer = *script.facts(10);
        script.facts(member).for_children = outer.for_children;
        script.facts(member).for_children_inum = outer.for_children_inum;
        script.enter(member);
        script.trips(&RULE);
    }

    #[test]
    fn unshare_holds() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.create(child, CLONE_NEWUTS);
        script.facts(child).ns[2] = 0xf000_1000;
        script.enter(child);
        script.sweep();
        script.make_space(child);
        script.create(child, CLONE_NEWPID);
        script.enter(child);
        script.fork(child);
        script.sweep();
        script.holds(&RULE);
    }
}
