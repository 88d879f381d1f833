//! Rule 46: a thread belongs to its maker's group; other children have their maker, or its parent,
//! as their real parent.

use super::birth::{Birth, clone};
use crate::{
    check::{
        Group, Rule, Scope, Severity,
        cx::Cx,
        task::{doubts::Doubts, reading::live},
        violation::Finding,
    },
    model::TaskId,
};

/// What `CLONE_THREAD` needs: `CLONE_SIGHAND` and `CLONE_VM`.
const SHARED: u64 = 0x800 | clone::VM;

/// `CLONE_THREAD` and `CLONE_PARENT`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 46,
    id: "thread-flag",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "with CLONE_THREAD a task has its maker's group, leader and parent and no new PID or \
                user namespace; without, it leads itself, and its parent is its maker, or with \
                CLONE_PARENT its maker's parent",
    source: "copy_process (kernel/fork.c)",
    needs: &[],
    weaker: None,
    exceptions: &["the maker gets another parent meanwhile"],
    trips: "a child without CLONE_PARENT is its maker's sibling",
    near_miss: "a child with CLONE_PARENT is",
};

/// A birth.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, doubts: &mut Doubts, birth: &Birth<'_>) {
    let (world, facts) = (cx.world, birth.facts);
    let thread = birth.has(clone::THREAD);
    let leads = facts.tid == facts.tgid && facts.leader == facts.task;
    let flags = !birth.has(clone::NEWPID | clone::NEWUSER) && birth.flags & SHARED == SHARED;
    let shape = if thread { !leads && flags } else { leads };
    let maker = &cx.event.header;
    let own = if thread {
        let leads = maker.actor_tid == maker.actor_tgid;
        facts.tgid == maker.actor_tgid && (facts.leader == maker.actor) == leads
    } else {
        birth.has(clone::PARENT)
            || (facts.real_parent, facts.ppid) == (maker.actor, maker.actor_tgid)
    };
    cx.test_alone(&RULE, own, || {
        let known = format!("a task of its maker {}/{}", maker.actor_tgid, maker.actor_tid);
        let read = format!("of group {}, with parent {}", facts.tgid, facts.ppid);
        Finding::new(birth.subject(), known, read)
    });
    cx.test_alone(&RULE, shape && (facts.exit_signal < 0) == thread, || {
        let known = if thread { "a thread of its maker's group" } else { "a leader" };
        let (tgid, signal) = (facts.tgid, facts.exit_signal);
        let read = format!("tgid {tgid}, exit signal {signal}, flags {:#x}", birth.flags);
        Finding::new(birth.subject(), known, read)
    });
    let maker = &cx.event.header;
    let other = facts.real_parent != facts.task && facts.real_parent != 0;
    let own = birth.has(clone::THREAD | clone::PARENT)
        || facts.real_parent == maker.actor && facts.ppid == maker.actor_tgid;
    let group = !thread || facts.tgid == maker.actor_tgid;
    cx.test_alone(&RULE, other && own && group || maker.actor == 0, || {
        let known = format!("its maker {} as parent, or as a sibling", maker.actor_tgid);
        let read = format!("tgid {}, parent {}", facts.tgid, facts.ppid);
        Finding::new(birth.subject(), known, read)
    });
    let Some(caller) = birth.caller else { return };
    if thread {
        let leader = world.key_of(world.leader(caller));
        let same = facts.tgid == world.tgid(caller) && facts.leader == leader;
        cx.test(&RULE, same || leader == 0, || {
            let known = format!("its maker's group {}", world.tgid(caller));
            Finding::new(birth.subject(), known, format!("group {}", facts.tgid))
        });
    }
    if birth.has(clone::THREAD | clone::PARENT) {
        sibling(cx, doubts, birth, caller);
    }
}

/// It has the parent of its maker.
fn sibling(cx: &mut Cx<'_>, doubts: &mut Doubts, birth: &Birth<'_>, caller: TaskId) {
    let (world, facts) = (cx.world, birth.facts);
    let Some(parent) = world.parent(caller) else { return };
    let same = world.key_of(parent) == facts.real_parent || world.key_of(parent) == 0;
    // another thread of the same process; those of pid 1 may escape a sweep
    let hazy = world.tgid(parent) == 1 || world.has_forgotten();
    let there = world.at_key(facts.real_parent).is_some() || hazy;
    let near = world.tgid(parent) == facts.ppid && there || world.is_parent_inferred(caller);
    let exited = live(world, facts.real_parent);
    doubts.test(
        cx,
        &RULE,
        same || near,
        || [Some(parent), exited],
        || {
            let known = format!("its maker's parent {}", world.tgid(parent));
            Finding::new(birth.subject(), known, format!("parent {}", facts.ppid))
        },
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_PARENT, Script},
        event::Body,
    };

    #[test]
    fn a_sibling_without_the_flag_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.clone_by(child, CLONE_PARENT);
            let Body::Fork { flags, .. } = &mut script.last().body else { panic!() };
            *flags = 0;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_thread_of_another_group_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.tgid = 10;
            script.trips(&RULE);
        }
    }

    #[test]
    fn the_flag_makes_a_sibling() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.clone_by(child, CLONE_PARENT);
            script.thread(child);
            script.holds(&RULE);
        }
    }
}
