//! Rule 57: only an exec changes a task's number, and nothing changes its process.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::ExchangeTids,
    model::{Certainty, TaskId, World},
};

/// Numbers change by exec.
pub(in crate::check) static RULE: Rule = Rule {
    number: 57,
    id: "tid-change",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A task's number changes only when an exec by a thread swaps it with that of its \
                leader, which has exited, when no other thread is left; its thread group never \
                changes; and every record names both as they are.",
    source: "de_thread (fs/exec.c), exchange_tids (kernel/pid.c)",
    needs: &[Need::Fact(Fact::ExchangeTids), Need::Fact(Fact::Exit)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Exit)],
        statement: "A record that names another number than the tables have tells of a swap: the \
                    number of the exited leader for a thread, or that of a thread for an old leader.",
    }),
    exceptions: &[
        "an exec may fail after the swap: no exec is told then",
        "a sweep may read a task in the midst of a swap",
        "workers that io_uring or vhost make are not waited for by an exec",
    ],
    trips: "a rename of a thread with the number of another one",
    near_miss: "a rename of a thread with the number of its exited leader (tracepoint plan)",
};

/// `PF_IO_WORKER` and `PF_USER_WORKER` (include/linux/sched.h).
pub(super) const WORKER: u32 = 0x10 | 0x4000;

/// A record names a task's number and its thread group's.
#[inline]
pub(super) fn named(cx: &mut Cx<'_>, known: &Known, id: TaskId, tid: i32, tgid: i32) {
    let world = cx.world;
    if world.certainty_of(id) == Certainty::Inferred {
        return;
    }
    let same = world.ids(id) == (tid, tgid);
    // one whose end was lost may have exchanged its number before
    let lost = !same && world.has_vanished(id) && !world.lives(id);
    let holds = same
        || cx.is_stranger(id)
        || world.tgid(id) == tgid && lost
        || world.tgid(id) == tgid
            && (!known.is_clear(tgid) || !cx.is_full(&RULE) && is_swap(world, known, id, tid));
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::task(world, id),
            format!("{} of {}", world.tid(id), world.tgid(id)),
            format!("{tid} of {tgid}"),
        )
    });
}

/// Whether a swap that no hook showed explains a number.
fn is_swap(world: &World, known: &Known, id: TaskId, tid: i32) -> bool {
    let leader = world.leader(id);
    let exited = !world.runs(leader) || !known.met(world, leader);
    let mut threads = world.threads(id).iter().copied().collect::<Vec<_>>().into_iter();
    let young = id != leader && tid == world.tgid(id) && exited;
    young || id == leader && exited && threads.any(|thread| world.tid(thread) == tid)
}

/// `exchange_tids`.
pub(super) fn exchange(cx: &mut Cx<'_>, known: &Known, sees: Sees, facts: &ExchangeTids) {
    let world = cx.world;
    let (left, right) = (world.at_key(facts.left), world.at_key(facts.right));
    let (Some(left), Some(right)) = (left, right) else {
        let whole = left.or(right).is_some_and(|one| known.whole(world, one));
        cx.test(&RULE, !whole, || {
            let subject = Subject::task_named(facts.left, 0, 0);
            Finding::new(subject, "a thread and its leader", "tasks that nobody knows")
        });
        return;
    };
    if !known.is_clear(world.tgid(left)) {
        return;
    }
    let family = world.leader(left) == right && left != right && world.runs(left);
    let dead = !world.runs(right) || !known.met(world, right);
    let left_over = world.threads(left).iter().copied().find(|&thread| {
        let worker = world.flags_of(thread) & WORKER != 0;
        let ended = if sees.release { !world.lives(thread) } else { !world.runs(thread) };
        thread != left && thread != right && !worker && !ended && known.met(world, thread)
    });
    cx.test(&RULE, family && dead && left_over.is_none(), || {
        let other = left_over.map_or(String::new(), |id| format!(" and {} is left", world.tid(id)));
        Finding::new(
            Subject::task(world, left),
            "the last thread of its group takes the place of its exited leader",
            format!("with {}{other}", world.tid(right)),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    /// A process of two threads, and their numbers.
    fn two(mut script: Script) -> (Script, i32, i32) {
        let leader = script.fork(10);
        let thread = script.thread(leader);
        (script, leader, thread)
    }

    #[test]
    fn a_rename_with_the_number_of_another_trips_both_forms() {
        for script in [Script::new(), Script::tracepoints()] {
            let (mut script, leader, thread) = two(script);
            script.rename(thread, *b"name");
            if let Body::Rename(rename) = &mut script.last().body {
                rename.tid = leader;
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn another_group_at_the_release_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.release_only(child, 10);
        if let Body::Release(release) = &mut script.last().body {
            release.tgid = 10;
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_swap_with_a_leader_that_runs_trips_it() {
        let (mut script, leader, thread) = two(Script::new());
        let task = |tid: i32| script.tasks[&tid].facts.task;
        let (left, right) = (task(thread), task(leader));
        let header = crate::event::Header::default();
        script.write(thread, 12, Body::ExchangeTids(ExchangeTids { header, left, right }));
        script.trips(&RULE);
    }

    #[test]
    fn an_exec_by_a_thread_does_not() {
        for script in [Script::new(), Script::tracepoints()] {
            let (mut script, _, thread) = two(script);
            script.exec_by_thread(thread);
            script.holds(&RULE);
        }
    }
}
