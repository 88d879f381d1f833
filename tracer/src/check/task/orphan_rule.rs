//! Rule 26: orphans go to a subreaper among their ancestors, else to the init of their father's PID
//! namespace.

use super::reading::live;
use crate::{
    check::{Group, Rule, Scope, Severity, Subject, cx::Cx, violation::Finding},
    event::{Exit, bits},
    model::{Change, Effect, Reparent, ReparentReason, TaskId, World},
};

/// `find_new_reaper`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 26,
    id: "orphan-rule",
    group: Group::Task,
    severity: Severity::Soft,
    scope: Scope::Event,
    statement: "who takes in orphans is a thread of their father's process, one of its ancestors (a \
                subreaper), or the init of a PID namespace",
    source: "find_new_reaper, find_child_reaper (kernel/exit.c)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "a process that is a subreaper only since the father's exit, or no longer",
        "which thread of the reaper's process it is",
    ],
    trips: "an exit names as the reaper a process that is no ancestor",
    near_miss: "orphans go to pid 1",
};

/// Steps up a family that are looked at.
const ANCESTORS: usize = 4096;

/// Whether a task may take in orphans of another. That it has become a subreaper is not always
/// told: any ancestor may have.
fn may_reap(world: &World, reaper: TaskId, father: TaskId) -> bool {
    world.tgid(reaper) == 1
        || world.bits_of(reaper) & bits::SUBREAPER != 0
        || world.same_process(father, reaper)
        || is_init(world, reaper)
        || is_above(world, reaper, father)
}

/// It belongs to the init of its PID namespace.
fn is_init(world: &World, task: TaskId) -> bool {
    let ns = world.task_active_pid_ns(task);
    let init = ns.and_then(|ns| world.ns(ns).pid.as_ref()?.init);
    init.is_some() && init == world.pid_of(world.leader(task))
}

/// It belongs to an ancestor.
fn is_above(world: &World, reaper: TaskId, father: TaskId) -> bool {
    let up = |&task: &TaskId| world.parent(task);
    let mut family = std::iter::successors(world.parent(father), up).take(ANCESTORS);
    // beyond a parent that was inferred nobody knows
    world.is_parent_inferred(father)
        || family.any(|at| world.same_process(at, reaper) || world.is_parent_inferred(at))
}

/// An exit names who will take in the children.
#[inline]
pub(in crate::check) fn exit(cx: &mut Cx<'_>, facts: &Exit) {
    let world = cx.world;
    let (Some(father), Some(reaper)) = (live(world, facts.task), live(world, facts.reaper)) else {
        return;
    };
    cx.test(&RULE, may_reap(world, reaper, father), || {
        let read = format!("reaper {}", facts.reaper_tgid);
        Finding::new(Subject::task(world, father), "a subreaper or an init as reaper", read)
    });
}

/// A record has shown another real parent.
#[inline]
pub(in crate::check) fn changed(cx: &mut Cx<'_>, change: &Change) {
    for effect in &change.effects {
        let Effect::Reparented(Reparent { child, from, to: Some(to), why, inferred: false }) =
            *effect
        else {
            continue;
        };
        // What was inferred before was no father: it was taken for the reaper that is told now.
        if why != ReparentReason::Unseen {
            continue;
        }
        let world = cx.world;
        // read before the old parent, which has exited, has handed it on
        let early = !world.runs(to);
        // the family of a father that is gone may have changed since
        let known = |from: &TaskId| world.lives(*from);
        let holds = early || from.filter(known).is_none_or(|from| may_reap(world, to, from));
        cx.test(&RULE, holds, || {
            let read = format!("parent {}", world.tgid(to));
            Finding::new(Subject::task(world, child), "a subreaper or an init as parent", read)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_sibling_as_reaper_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let other = script.fork(10);
            script.fork(child);
            script.exit(child);
            let other = script.tasks[&other].facts;
            let Body::Exit(facts) = &mut script.last().body else { panic!() };
            (facts.reaper, facts.reaper_tgid) = (other.task, other.tgid);
            script.trips(&RULE);
        }
    }

    #[test]
    fn orphans_go_to_pid_1() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let orphan = script.fork(child);
            script.exit(child);
            script.sweep();
            script.exit(orphan);
            script.clone_by(10, CLONE_NEWPID);
            script.holds(&RULE);
        }
    }
}
