//! Rule 39: kernel threads are children of kthreadd, on level 0, in no group and no session.

use super::reading::{Reading, live};
use crate::check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding};
use crate::event::bits;

/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x0020_0000;

/// The number of kthreadd.
const KTHREADD: i32 = 2;

/// `kthreadd`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 39,
    id: "kernel-threads",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a kernel thread is on level 0, in group and session 0, and made by a kernel thread, \
                whose child it is; no task becomes one",
    source: "kthreadd, create_kthread (kernel/kthread.c), copy_process (kernel/fork.c)",
    needs: &[],
    weaker: None,
    exceptions: &[
        "user processes that the kernel starts: kernel threads before their exec on older kernels, \
         with a kworker as parent",
        "an mm that a kernel thread uses for a while",
    ],
    trips: "a user process makes a kernel thread",
    near_miss: "kthreadd makes one",
};

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    if facts.flags & PF_KTHREAD == 0 {
        return;
    }
    let alone = facts.level == 0 && facts.pgid == 0 && facts.sid == 0;
    let is_kernel = |id| world.flags_of(id) & PF_KTHREAD != 0;
    let child = match facts.ppid {
        KTHREADD => true,
        0 => facts.tid <= KTHREADD,
        _ => live(world, facts.real_parent).is_some_and(is_kernel),
    };
    let before = reading.read_before(world).is_none_or(is_kernel);
    let mm = !reading.born || facts.bits & bits::HAS_MM == 0;
    cx.test(&RULE, alone && child && before && mm, || {
        let known = "a child of kthreadd on level 0, in group and session 0";
        let (level, ppid, pgid, sid) = (facts.level, facts.ppid, facts.pgid, facts.sid);
        let user = if before { "" } else { ", a user process before" };
        let read = format!("parent {ppid}, level {level}, group {pgid}, session {sid}{user}");
        Finding::new(reading.subject(world), known, read)
    });
    if !reading.born {
        return;
    }
    let maker = live(world, cx.event.header.actor).is_none_or(is_kernel);
    cx.test(&RULE, maker, || {
        let read = format!("made by {}", cx.event.header.actor_tid);
        Finding::new(reading.subject(world), "made by a kernel thread", read)
    });
}

#[cfg(test)]
mod tests {
    use super::{PF_KTHREAD, RULE};
    use crate::{
        check::tests::script::Script,
        event::{Body, bits},
    };

    #[test]
    fn a_kernel_thread_made_by_a_user_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.flags |= PF_KTHREAD;
            script.trips(&RULE);
        }
    }

    #[test]
    fn kthreadd_makes_kernel_threads() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let thread = script.fork(2);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.flags |= PF_KTHREAD;
            task.bits &= !bits::HAS_MM;
            *script.facts(thread) = *task;
            script.sweep();
            script.holds(&RULE);
        }
    }
}
