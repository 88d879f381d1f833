//! Rule 35: every PID namespace has its place in the tree, for good.

use super::{
    setns_unshare::{DYNAMIC, INIT_USER},
    test, test_alone,
};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, settle::WINDOW},
    coverage::Fact,
    event::{NsEnd, PidNs, ns_reason},
    model::{NsId, NsKind, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 35,
    id: "namespace-tree",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a PID namespace is made in its maker's own one, one level below, with an inode \
                number that no other has; level, parent, inode number, ns_id and owner stay what \
                they are; its owner is that of its parent or one below",
    source: "create_pid_namespace, copy_pid_ns (kernel/pid_namespace.c)",
    needs: &[
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::PidNsCreate),
        Need::Fact(Fact::NsDestroy),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Snapshot)],
        statement: "the initial PID namespace alone has no parent; where there are ns_ids, what \
                    one namespace has stays what it is",
    }),
    exceptions: &["the inode number of a namespace that is about to be freed may be used again"],
    trips: "a namespace is made two levels below its parent",
    near_miss: "a namespace is made in another one that was just made",
};

/// `PROC_PID_INIT_INO` (include/linux/proc_ns.h).
const INIT_PID: u32 = 0xefff_fffc;
/// `PID_MAX_LIMIT` (include/linux/threads.h).
const PID_MAX_LIMIT: u32 = 1 << 22;

/// The PID namespace at a key, if it is certainly the same: where every creation is told, that is
/// the latest one there, even if its end was not.
pub(super) fn known(cx: &Cx<'_>, key: u64, id: u64, creates: bool) -> Option<NsId> {
    let ns = cx.world.ns_at(key)?;
    let same = creates || cx.is_full(&RULE) || id != 0 && cx.world.ns(ns).ns_id == id;
    (same || Some(ns) == cx.world.root_ns()).then_some(ns)
}

/// Its level, where it does not rest on a guess.
fn level(world: &World, ns: NsId) -> Option<u32> {
    let space = world.ns(ns).pid.as_ref()?;
    if Some(ns) == world.root_ns() {
        return Some(0);
    }
    let parent = world.ns(space.parent?).pid.as_ref()?;
    (space.level == parent.level.saturating_add(1)).then_some(space.level)
}

/// A record names a namespace, by its key, inode number and level.
pub(in crate::check) fn end(
    cx: &mut Cx<'_>,
    (key, inum, depth): (u64, u32, u32),
    (lowest, creates): (u32, bool),
) {
    let whole = key != 0 && inum != 0 && (lowest..=32).contains(&depth);
    let first = (depth == 0) == (inum == INIT_PID);
    test_alone(cx, &RULE, whole && first, (key, inum), "a namespace at its level", || {
        format!("{inum} at level {depth}")
    });
    // where every creation is told, one with the same key and inode number is the same
    let same = cx.world.ns_at(key).filter(|&ns| creates && cx.world.ns(ns).inum == inum);
    let Some(ns) = known(cx, key, 0, creates).or(same) else {
        another(cx, (key, inum), creates);
        return;
    };
    let (had, at) = (cx.world.ns(ns).inum, level(cx.world, ns));
    let holds = (had == inum || had == 0) && at.is_none_or(|at| at == depth);
    test(cx, &RULE, holds, (key, inum), "its inode number and level", || {
        format!("{inum}, level {depth}, that was {had}, level {at:?}")
    });
}

/// A namespace that nobody knows has not the inode number of one that was made a while ago: that is
/// given out again when the memory of who had it before has yet to be freed.
#[cold]
fn another(cx: &mut Cx<'_>, (key, inum): (u64, u32), creates: bool) {
    let world = cx.world;
    let old = |&ns: &NsId| {
        let made = world.ns(ns).created;
        made != 0 && made.saturating_add(WINDOW) < cx.event.header.ts
    };
    let had = world.find_ns(NsKind::Pid, inum).filter(old).map_or(0, |ns| world.key_of_ns(ns));
    test(cx, &RULE, had == 0 || !creates, (key, inum), "the namespace that was made", || {
        format!("another one than {had:#x}")
    });
}

/// A namespace dies, by the last thread of its init.
pub(in crate::check) fn dying(cx: &mut Cx<'_>, facts: &NsEnd) {
    let world = cx.world;
    let actor = world.at_key(cx.event.header.actor).filter(|&actor| world.lives(actor));
    let Some(own) = actor.and_then(|actor| world.task_active_pid_ns(actor)) else { return };
    let (key, inum, depth) = (world.key_of_ns(own), world.ns(own).inum, level(world, own));
    let holds = (key == facts.ns || key == 0)
        && (inum == facts.inum || inum == 0)
        && depth.is_none_or(|depth| depth == facts.level);
    test(cx, &RULE, holds, (facts.ns, facts.inum), "the actor's own namespace", || {
        format!("{} at level {}, its own is {inum}", facts.inum, facts.level)
    });
}

/// A namespace is made, or read by a sweep.
pub(in crate::check) fn read(cx: &mut Cx<'_>, facts: &PidNs, (has_ids, creates): (bool, bool)) {
    let (world, named) = (cx.world, (facts.ns, facts.inum));
    let root = facts.level == 0;
    let shape = root == (facts.parent == 0) && root == (facts.parent_inum == 0);
    let shape = shape && facts.ns != facts.parent && has_ids == (facts.ns_id != 0);
    let first = !root || facts.inum == INIT_PID;
    let ranges = facts.ns != 0 && facts.inum != 0;
    let owner = facts.user_inum == INIT_USER || facts.user_inum >= DYNAMIC && !root;
    let ranges = ranges && owner && facts.level <= 32 && facts.pid_max <= PID_MAX_LIMIT;
    test_alone(
        cx,
        &RULE,
        shape && first && ranges,
        named,
        "a parent, but for the initial one, and an ns_id",
        || format!("level {}, parent {}, ns_id {}", facts.level, facts.parent_inum, facts.ns_id),
    );
    let parent = known(cx, facts.parent, 0, creates);
    if let Some(parent) = parent {
        let (had, above) = (world.ns(parent).inum, level(world, parent));
        let holds = had == facts.parent_inum && above.is_none_or(|at| at + 1 == facts.level);
        test(cx, &RULE, holds, named, "one level below its parent", || {
            format!("level {} in {}, that is {had}", facts.level, facts.parent_inum)
        });
        let owners = (world.ns(parent).owner, world.find_ns(NsKind::User, facts.user_inum));
        // the end of a user namespace is not told: one that nobody is in may be an older one
        let owners = (owners.0.filter(|&above| world.ns(above).tasks > 0), owners.1);
        if let (Some(above), Some(own)) = owners {
            let mut at = world.ns(above).owner;
            for _ in 0..super::DEEPEST {
                let Some(up) = at else { break };
                test(cx, &RULE, up != own, named, "an owner below its parent's", || {
                    format!("user namespace {}", facts.user_inum)
                });
                at = world.ns(up).owner;
            }
        }
    }
    if facts.reason == ns_reason::CREATE {
        return;
    }
    let Some(ns) = known(cx, facts.ns, facts.ns_id, creates) else { return };
    let had = world.ns(ns);
    let above = had.pid.as_ref().and_then(|space| space.parent);
    let owner = had.owner.map_or(facts.user_inum, |owner| world.ns(owner).inum);
    let holds = (had.inum == facts.inum || had.inum == 0)
        && (had.ns_id == facts.ns_id || had.ns_id == 0)
        && level(world, ns).is_none_or(|at| at == facts.level)
        && above.is_none_or(|above| world.key_of_ns(above) == facts.parent)
        && (owner == facts.user_inum || owner == 0);
    test(cx, &RULE, holds, named, "what it was before", || {
        format!(
            "inode number {}, ns_id {}, level {}, parent {}, owner {}",
            facts.inum, facts.ns_id, facts.level, facts.parent_inum, facts.user_inum
        )
    });
}

/// A namespace is made.
pub(in crate::check) fn created(cx: &mut Cx<'_>, facts: &PidNs, sure: bool) {
    let (world, named) = (cx.world, (facts.ns, facts.inum));
    let taken = |ns: NsId| {
        let space = world.ns(ns).pid.as_ref();
        space.is_some_and(|space| space.members > 0 || space.awaited_by > 0)
    };
    let fresh = world.ns_at(facts.ns).is_none() || !cx.is_full(&RULE);
    let fresh = fresh && !world.find_ns(NsKind::Pid, facts.inum).is_some_and(taken);
    test(cx, &RULE, fresh, named, "a new one", || "the address or number of another".to_owned());
    let actor = world.at_key(cx.event.header.actor).filter(|&actor| world.lives(actor));
    let Some(actor) = actor else { return };
    if let Some(own) = world.task_active_pid_ns(actor) {
        let holds = world.key_of_ns(own) == facts.parent;
        let next = !sure || world.for_children(actor).is_none_or(|ns| ns == own);
        test(cx, &RULE, holds && next, named, "made in its maker's own, once", || {
            format!("in {}", facts.parent_inum)
        });
    }
    let [user, ..] = world.inums_of(actor);
    let owner = world.find_ns(NsKind::User, facts.user_inum);
    let made = owner.is_none_or(|owner| world.ns(owner).tasks == 0);
    let holds = user == 0 || user == facts.user_inum || made;
    test(cx, &RULE, holds, named, "its maker's user namespace, or a new one", || {
        format!("user namespace {}", facts.user_inum)
    });
}

/// The greatest number of a namespace: told by all of them or, on older kernels, by none.
pub(in crate::check) fn limit(cx: &mut Cx<'_>, facts: &PidNs, own: bool) {
    /// `PID_MAX_LIMIT` (include/linux/threads.h).
    const LIMIT: u32 = 1 << 22;
    let holds = (facts.pid_max != 0) == own && facts.pid_max <= LIMIT;
    test_alone(cx, &RULE, holds, (facts.ns, facts.inum), "a pid_max where all have one", || {
        facts.pid_max.to_string()
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_namespace_two_levels_below_its_parent_trips() {
        let mut script = Script::new();
        script.make_space(10);
        if let Body::PidNs(facts) = &mut script.last().body {
            facts.level += 1;
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_moves_in_the_tree_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let mut space = script.space_of(init, 1);
        script.sweep_with(&[space]);
        space.user_inum = 99;
        script.sweep_with(&[space]);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_of_the_initial_level_with_a_parent_trips() {
        let mut script = Script::tracepoints();
        let mut root = script.root(3);
        root.parent = 5;
        script.sweep_with(&[root]);
        script.trips(&RULE);
    }

    #[test]
    fn nested_namespaces_hold() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.make_space(init);
        let inner = script.clone_by(init, CLONE_NEWPID);
        let spaces = [script.space_of(init, 2), script.space_of(inner, 1)];
        script.sweep_with(&spaces);
        script.sweep_with(&spaces);
        script.holds(&RULE);
    }

    #[test]
    fn a_sweep_without_hooks_holds() {
        let mut script = Script::tracepoints();
        let root = script.root(3);
        script.sweep_with(&[root]);
        script.holds(&RULE);
    }
}
