//! Rule 63: a fork that fails gives back the pid that it has allocated, and says why it failed.

use super::callers::Callers;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{AllocFail, Event, ForkFail, FreePid},
    model::{PidState, World},
};

/// Errnos end here (include/linux/err.h).
const MAX_ERRNO: i32 = 4095;

/// `bad_fork_free_pid`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 63,
    id: "failed-fork",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a task that has allocated a pid makes a task with it, or frees it and fails; where \
                the allocation fails, the fork fails with its errno",
    source: "copy_process (kernel/fork.c), alloc_pid (kernel/pid.c)",
    needs: &[
        Need::Fact(Fact::AllocPid),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::ForkFail),
        Need::Fact(Fact::NsEnter),
        Need::Fact(Fact::PidNsCreate),
    ],
    weaker: Some(Weaker {
        needs: &[],
        statement: "a fork that fails names its caller's namespace for children, and an errno",
    }),
    exceptions: &["a fork that was under way when a sweep began"],
    trips: "a task allocates a pid while it has one that no task has",
    near_miss: "a fork fails after it has allocated a pid, and frees it",
};

fn caller(event: &Event) -> Subject {
    let header = &event.header;
    Subject::task_named(header.actor, header.actor_tid, header.actor_tgid)
}

/// A pid is allocated, or refused.
#[inline]
pub(in crate::check) fn alloc(cx: &mut Cx<'_>, callers: &Callers) {
    idle(cx, callers, "another fork");
}

/// The calling task exits.
#[inline]
pub(in crate::check) fn exit(cx: &mut Cx<'_>, callers: &Callers) {
    idle(cx, callers, "an exit");
}

/// The calling task does something else than to fork.
#[inline]
pub(in crate::check) fn acts(cx: &mut Cx<'_>, callers: &Callers) {
    if cx.event.header.actor != 0 {
        idle(cx, callers, "something else");
    }
}

/// The acting task is in the midst of no fork.
#[inline]
fn idle(cx: &mut Cx<'_>, callers: &Callers, what: &str) {
    let event = cx.event;
    let Some(call) = callers.get(event.header.actor).filter(|_| cx.is_full(&RULE)) else {
        return;
    };
    cx.test(&RULE, call.pid == 0 && call.errno == 0, || {
        let known = match call.pid {
            0 => "the failure of its fork".to_owned(),
            _ => format!("a task with the pid of {}, or its freeing", call.nr),
        };
        Finding::new(caller(event), known, what)
    });
}

/// A pid is freed.
#[inline]
pub(in crate::check) fn free(cx: &mut Cx<'_>, callers: &mut Callers, facts: &FreePid) {
    let event = cx.event;
    let actor = event.header.actor;
    let Some(call) = callers.get(actor).filter(|_| cx.is_full(&RULE)) else { return };
    if call.pid != 0 && call.pid == facts.pid {
        callers.fails(actor, -1);
        cx.test(&RULE, call.nr == facts.nr, || {
            let known = format!("number {}", call.nr);
            Finding::new(caller(event), known, format!("number {}", facts.nr))
        });
        return;
    }
    let world = cx.world;
    let pid = world.pid_at(facts.pid);
    let unborn = pid.is_some_and(|pid| world.state_of_pid(pid) == PidState::Allocated);
    cx.test(&RULE, !unborn, || {
        let read = format!("{} frees it", event.header.actor_tid);
        let subject = pid.map_or_else(Subject::record, |pid| Subject::pid(world, pid));
        Finding::new(subject, "only who has allocated a pid frees it before it has a task", read)
    });
}

/// The namespace that a failure names is the caller's for children.
fn same_namespace(world: &World, actor: u64, (key, inum): (u64, u32)) -> bool {
    let Some(id) = world.at_key(actor).filter(|&id| world.lives(id)) else { return true };
    let Some(ns) = world.for_children(id) else { return true };
    let known = world.key_of_ns(ns);
    known == 0 || known == key && world.ns(ns).inum == inum || world.is_sweeping()
}

/// A number was refused.
pub(in crate::check) fn refused(cx: &mut Cx<'_>, facts: &AllocFail) {
    let (world, event) = (cx.world, cx.event);
    let ns = world.ns_at(facts.ns);
    // the one that this very fork has made has been told before
    let unknown = !cx.is_full(&RULE) || world.at_key(event.header.actor).is_none();
    let holds = ns.map_or(unknown, |ns| {
        let space = world.ns(ns);
        space.inum == facts.inum && space.level() == facts.level
    });
    let errno = (1..=MAX_ERRNO).contains(&facts.errno);
    cx.test(&RULE, holds && errno, || {
        let read = format!("{} at level {}, errno {}", facts.inum, facts.level, facts.errno);
        Finding::new(caller(event), "the namespace that it names, and an errno", read)
    });
}

/// A fork has failed.
pub(in crate::check) fn failed(cx: &mut Cx<'_>, callers: &Callers, facts: &ForkFail) {
    let event = cx.event;
    let actor = event.header.actor;
    let same = same_namespace(cx.world, actor, (facts.ns, facts.inum));
    let errno = (1..=MAX_ERRNO).contains(&facts.errno);
    cx.test(&RULE, same && errno, || {
        let read = format!("namespace {}, errno {}", facts.inum, facts.errno);
        Finding::new(caller(event), "its caller's namespace for children, and an errno", read)
    });
    let Some(call) = callers.get(actor).filter(|_| cx.is_full(&RULE)) else { return };
    let holds = call.pid == 0 && (call.errno <= 0 || call.errno == facts.errno);
    cx.test(&RULE, holds, || {
        let known = match call.pid {
            0 => format!("errno {}", call.errno),
            _ => format!("the pid of {} is freed first", call.nr),
        };
        Finding::new(caller(event), known, format!("errno {}", facts.errno))
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::Script,
        event::{AllocFail, Body, ForkFail, FreePid, Header, PidFacts},
    };

    /// A fork by 10 that fails with `EAGAIN`; how often its pid is freed.
    fn fails(script: &mut Script, errno: i32, frees: bool) {
        let header = Header::default();
        script.fork(10);
        script.events.pop();
        let Body::AllocPid(PidFacts { pid, ino, vector }) = script.last().body.clone() else {
            panic!()
        };
        let (ns, inum, nr) = (vector[0].ns, vector[0].inum, vector[0].nr);
        script.tasks.remove(&nr);
        if frees {
            script.write(10, 10, Body::FreePid(FreePid { header, pid: pid.0, ino, nr, level: 0 }));
        }
        script.write(10, 9, Body::ForkFail(ForkFail { header, ns, flags: 0, inum, errno }));
    }

    #[test]
    fn a_pid_that_is_not_given_back_trips_it() {
        let mut script = Script::new();
        fails(&mut script, 11, false);
        script.trips(&RULE);
        let mut script = Script::new();
        fails(&mut script, 11, false);
        script.events.pop();
        script.fork(10);
        script.trips(&RULE);
    }

    #[test]
    fn another_errno_than_the_allocations_trips_it() {
        let mut script = Script::new();
        let (header, facts) = (Header::default(), *script.facts(10));
        let (ns, inum) = (facts.for_children, facts.for_children_inum);
        let alloc = AllocFail { header, ns, inum, level: 0, errno: 12, allocated: 1 << 31 | 5 };
        script.write(10, 8, Body::AllocFail(alloc));
        script.write(10, 9, Body::ForkFail(ForkFail { header, ns, flags: 0, inum, errno: 11 }));
        script.trips(&RULE);
    }

    #[test]
    fn another_namespace_trips_it() {
        let mut script = Script::tracepoints();
        let (header, ns) = (Header::default(), script.facts(10).for_children);
        script.write(10, 9, Body::ForkFail(ForkFail { header, ns, flags: 0, inum: 7, errno: 11 }));
        script.trips(&RULE);
    }

    #[test]
    fn a_fork_may_fail_after_its_allocation() {
        let mut script = Script::new();
        fails(&mut script, 11, true);
        script.fork(10);
        script.holds(&RULE);
        let mut script = Script::tracepoints();
        let (header, facts) = (Header::default(), *script.facts(10));
        let (ns, inum) = (facts.for_children, facts.for_children_inum);
        script.write(10, 9, Body::ForkFail(ForkFail { header, ns, flags: 0, inum, errno: 11 }));
        script.holds(&RULE);
    }
}
