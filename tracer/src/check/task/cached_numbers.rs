//! Rule 5: a number and the object that it belongs to always say the same.

use super::{
    doubts::Doubts,
    nameless::{is_in_use, nameless, nameless_pid, same_parent, stranger},
    reading::{Reading, is_read, leader_of_many, live},
};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, settle::is_sweep,
        violation::Finding,
    },
    coverage::Fact,
    event::{Body, ChangePid, Exit, FreeTask, Ptrace, Release, Rename},
    model::{TaskId, World},
};
use tracer_ebpf::wire::Exec;

/// `task->pid` and `task->tgid` are the numbers of the task's own and its leader's pid.
pub(in crate::check) static RULE: Rule = Rule {
    number: 5,
    id: "cached-numbers",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "the numbers in a record (tid, tgid, those of parents, groups, sessions, and of who \
                acts) are those of the tasks, pids and namespaces that it names; its start stays",
    source: "copy_process (kernel/fork.c), exchange_tids (kernel/pid.c), de_thread (fs/exec.c)",
    needs: &[
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::AllocPid),
        Need::Fact(Fact::PidNsCreate),
    ],
    weaker: Some(Weaker {
        needs: &[],
        statement: "the same, but that a thread whose leader has exited may have its leader's \
                    number, and that a pid or a namespace may be another one at an address used \
                    again",
    }),
    exceptions: &[
        "a task is read, or acts, while an exec swaps its number with its leader's",
        "a task whose leader has not been seen by the sweep because of such an exec",
    ],
    trips: "a record names a task by its key, and has the number of another",
    near_miss: "an exec by a thread, which has its leader's number from then on",
};

#[inline]
fn differ(
    subject: impl FnOnce() -> Subject,
    what: &str,
    known: impl std::fmt::Display,
    read: impl std::fmt::Display,
) -> Finding {
    Finding::new(subject(), format!("{what} {known}"), format!("{what} {read}"))
}

/// Whether a thread may have its leader's number by now, though nothing has told.
fn may_lead(cx: &Cx<'_>, id: TaskId, tid: i32) -> bool {
    let (world, leader) = (cx.world, cx.world.leader(id));
    let swapped = leader != id && !world.runs(leader) && tid == world.tgid(id);
    // an old leader may still be at work for its orphans when it has become a thread
    let old = leader != id && !world.runs(id) && tid == world.tgid(id);
    old || swapped && !cx.is_full(&RULE)
}

/// Whether a record is written on behalf of no task: by user space, a sweep, or an RCU callback.
#[inline]
fn is_nobodys(body: &Body) -> bool {
    match body {
        Body::FreeTask(_) | Body::NsDestroy(_) | Body::Detail(_) | Body::Snapshot { .. } => true,
        body => body.is_added() || is_sweep(body),
    }
}

/// Nobody acts, and that is so for such records.
fn nobody(cx: &mut Cx<'_>) {
    let (header, body) = (&cx.event.header, &cx.event.body);
    let named = header.actor != 0 || header.actor_tid != 0 || header.actor_tgid != 0;
    let holds = match body {
        Body::Lost(_) => true, // it has the header of the record behind the gap
        Body::FreeTask(_) | Body::NsDestroy(_) => !named,
        body => is_nobodys(body),
    };
    cx.test(&RULE, holds, || {
        let known = if is_nobodys(body) { "nobody acts" } else { "a task acts" };
        let read = format!("{} acts, at {:#x}", header.actor_tid, header.actor);
        Finding::new(Subject::record(), known, read)
    });
}

/// Who acts, by key and by numbers.
#[inline]
pub(in crate::check) fn actor(cx: &mut Cx<'_>) {
    let header = &cx.event.header;
    if header.actor == 0 || !cx.plain && is_nobodys(&cx.event.body) {
        nobody(cx);
        return;
    }
    let (tid, tgid) = (header.actor_tid, header.actor_tgid);
    let Some(id) = cx.world.at_key(header.actor) else {
        stranger(cx, header.actor, tid, tgid);
        return;
    };
    let world = cx.world;
    let (known, group) = world.ids(id);
    let holds = group == tgid && (known == tid || may_lead(cx, id, tid));
    let holds = holds || cx.is_stranger(id);
    let told = !holds && cx.was_born(id);
    cx.test_if(told, &RULE, holds, || {
        let known = format!("{}/{}", world.tgid(id), world.tid(id));
        differ(|| Subject::task(world, id), "acting tgid/tid", known, format!("{tgid}/{tid}"))
    });
}

/// The record of a task that only itself can write.
#[inline]
pub(in crate::check) fn own(cx: &mut Cx<'_>, task: u64) {
    let header = &cx.event.header;
    cx.test(&RULE, header.actor == task, || {
        let subject = Subject::task_named(task, header.actor_tid, header.actor_tgid);
        Finding::new(subject, "the task itself acts", format!("{} acts", header.actor_tid))
    });
}

/// The task at a key has these numbers.
#[inline]
fn numbers(cx: &mut Cx<'_>, task: u64, tid: i32, tgid: i32) {
    let world = cx.world;
    let Some(id) = live(world, task) else {
        stranger(cx, task, tid, tgid);
        return;
    };
    let (known, group) = world.ids(id);
    let holds = group == tgid && (known == tid || may_lead(cx, id, tid));
    let told = !holds && cx.was_born(id);
    cx.test_if(told, &RULE, holds, || {
        let known = format!("{}/{}", world.tgid(id), world.tid(id));
        differ(|| Subject::task(world, id), "tgid/tid", known, format!("{tgid}/{tid}"))
    });
}

/// The pid at a key has this number.
#[inline]
fn number(cx: &mut Cx<'_>, pid: u64, nr: i32) {
    let world = cx.world;
    let Some(id) = world.pid_at(pid) else {
        nameless_pid(cx, pid, nr);
        return;
    };
    if world.nr(id) != nr && (cx.is_full(&RULE) || is_in_use(world, id)) {
        cx.test(&RULE, false, || differ(|| Subject::pid(world, id), "number", world.nr(id), nr));
    }
}

/// The process of a parent or tracer at a key has this number.
#[inline]
fn process(cx: &mut Cx<'_>, task: u64, tgid: i32, what: &str) {
    let world = cx.world;
    if task == 0 {
        return;
    }
    let Some(id) = live(world, task) else {
        nameless(cx, task, tgid, what);
        return;
    };
    cx.test(&RULE, world.tgid(id) == tgid, || {
        differ(|| Subject::task(world, id), what, world.tgid(id), tgid)
    });
}

/// A task that is read whole.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let first = reading.vector.first().map_or(0, |upid| upid.nr);
    doubts.test(
        cx,
        &RULE,
        facts.tid == first,
        || reading.swap(world),
        || differ(|| reading.subject(world), "tid", first, facts.tid),
    );
    let own = reading.vector.last().map_or(0, |upid| upid.inum);
    let [.., pid_ns, _, _] = facts.ns;
    let deep = facts.level as usize + 1 == reading.vector.len();
    cx.test(&RULE, deep && pid_ns == own, || {
        let levels = reading.vector.len();
        let known = format!("{own} at level {}", levels.wrapping_sub(1));
        let read = format!("{pid_ns} at level {}", facts.level);
        differ(|| reading.subject(world), "PID namespace", known, read)
    });
    process(cx, facts.real_parent, facts.ppid, "ppid");
    process(cx, facts.parent, facts.parent_tgid, "tgid of the parent or tracer");
    number(cx, facts.pgrp, facts.pgid);
    number(cx, facts.session, facts.sid);
    namespace(cx, reading);
    if let Some(id) = reading.read_before(world) {
        again(cx, doubts, reading, id);
    }
}

/// The namespace for children, by key and by inode number.
#[inline]
fn namespace(cx: &mut Cx<'_>, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let own = reading.vector.last().filter(|upid| upid.ns == facts.for_children);
    let known = match own {
        Some(upid) => upid.inum,
        None if !cx.is_full(&RULE) => 0,
        None => world.ns_at(facts.for_children).map_or(0, |ns| world.ns(ns).inum),
    };
    cx.test(&RULE, known == 0 || known == facts.for_children_inum, || {
        let read = facts.for_children_inum;
        differ(|| reading.subject(world), "namespace for children", known, read)
    });
}

/// What was read of the task before.
#[inline]
fn again(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>, id: TaskId) {
    let (world, facts) = (cx.world, reading.facts);
    let same = world.tid(id) == facts.tid && world.start_of(id) == facts.start;
    let holds = world.tgid(id) == facts.tgid && (same || may_lead(cx, id, facts.tid));
    doubts.test(
        cx,
        &RULE,
        holds,
        || reading.swap(world),
        || {
            let known = format!("{}/{} from {}", world.tgid(id), world.tid(id), world.start_of(id));
            let read = format!("{}/{} from {}", facts.tgid, facts.tid, facts.start);
            differ(|| Subject::task(world, id), "tgid/tid", known, read)
        },
    );
}

/// An exec.
pub(in crate::check) fn exec(cx: &mut Cx<'_>, facts: &Exec) {
    own(cx, facts.task);
    numbers(cx, facts.task, facts.tid, facts.tid);
    number(cx, facts.pid, facts.tid);
    let world = cx.world;
    let Some(id) = live(world, facts.task).filter(|&id| is_read(world, id)) else { return };
    let alone = world.leads(id) && !world.is_grouped(id);
    cx.test(&RULE, !alone || facts.old_tid == facts.tid, || {
        differ(|| Subject::task(world, id), "old number", facts.tid, facts.old_tid)
    });
    // one that takes its leader's number takes its start too
    let start = world.start_of(id);
    let same = facts.start == start || start == 0;
    cx.test(&RULE, same || facts.old_tid != facts.tid && facts.start <= start, || {
        differ(|| Subject::task(world, id), "start", start, facts.start)
    });
}

/// A renaming.
pub(in crate::check) fn rename(cx: &mut Cx<'_>, facts: &Rename) {
    cx.test_alone(&RULE, facts.task != 0, || {
        Finding::new(Subject::record(), "a task that is renamed", "none")
    });
    numbers(cx, facts.task, facts.tid, facts.tgid);
    number(cx, facts.pid, facts.tid);
}

/// An exit.
#[inline]
pub(in crate::check) fn exit(cx: &mut Cx<'_>, facts: &Exit) {
    own(cx, facts.task);
    number(cx, facts.pid, cx.event.header.actor_tid);
    process(cx, facts.real_parent, facts.ppid, "ppid");
    process(cx, facts.reaper, facts.reaper_tgid, "tgid of the reaper");
    let whole = match facts.has_children {
        0 => facts.reaper == 0 && facts.reaper_tgid == 0,
        1 => facts.reaper != 0 && facts.reaper_tgid > 0,
        _ => false,
    };
    cx.test(&RULE, whole, || {
        let header = &cx.event.header;
        let subject = Subject::task_named(facts.task, header.actor_tid, header.actor_tgid);
        let read = format!("children {}, reaper {}", facts.has_children, facts.reaper_tgid);
        Finding::new(subject, "a reaper if and only if there are children", read)
    });
}

/// A release.
#[inline]
pub(in crate::check) fn release(cx: &mut Cx<'_>, facts: &Release) {
    numbers(cx, facts.task, facts.tid, facts.tgid);
    number(cx, facts.pid, facts.tid);
    process(cx, facts.real_parent, facts.ppid, "ppid");
    same_parent(cx, facts.task, facts.real_parent);
}

/// The end of a task's memory.
#[inline]
pub(in crate::check) fn free_task(cx: &mut Cx<'_>, doubts: &mut Doubts, facts: &FreeTask) {
    let world = cx.world;
    let Some(id) = world.at_key(facts.task).filter(|&id| is_read(world, id)) else { return };
    let tid = world.tid(id) == facts.tid || may_lead(cx, id, facts.tid) || unseen(world, id, cx);
    doubts.test(
        cx,
        &RULE,
        tid && world.tgid(id) == facts.tgid,
        || [None; 2],
        || {
            let known = format!("{}/{}", world.tgid(id), world.tid(id));
            let read = format!("{}/{}", facts.tgid, facts.tid);
            differ(|| Subject::task(world, id), "tgid/tid", known, read)
        },
    );
}

/// An old leader may be freed before anything tells that a thread has taken its place; and one
/// whose end was lost may have exchanged its number before.
fn unseen(world: &World, id: TaskId, cx: &Cx<'_>) -> bool {
    let lost = world.has_vanished(id) && !world.lives(id) || cx.is_stale(id);
    lost || !cx.is_full(&RULE) && world.leads(id) && !world.runs(id) && world.threads(id).len() > 1
}

/// setsid or setpgid, under the lock that an exec needs to swap numbers.
pub(in crate::check) fn change_pid(cx: &mut Cx<'_>, facts: &ChangePid) {
    numbers(cx, facts.task, facts.tid, facts.tid);
    number(cx, facts.pid, facts.nr);
}

/// A tracer comes or goes.
pub(in crate::check) fn ptrace(cx: &mut Cx<'_>, doubts: &mut Doubts, facts: &Ptrace) {
    process(cx, facts.tracer, facts.tracer_tgid, "tgid of the tracer");
    let world = cx.world;
    let Some(id) = live(world, facts.task) else { return };
    let holds =
        world.tgid(id) == facts.tgid && (world.tid(id) == facts.tid || may_lead(cx, id, facts.tid));
    doubts.test(
        cx,
        &RULE,
        holds,
        || [leader_of_many(world, id), None],
        || {
            let known = format!("{}/{}", world.tgid(id), world.tid(id));
            let read = format!("{}/{}", facts.tgid, facts.tid);
            differ(|| Subject::task(world, id), "tgid/tid", known, read)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_number_of_another_trips_it() {
        for script in [Script::new(), Script::tracepoints()] {
            let mut base = script;
            let child = base.fork(10);
            let mut acting = base.clone();
            acting.fork(child);
            acting.last().header.actor_tid = 1;
            acting.trips(&RULE);
            let mut renamed = base.clone();
            renamed.rename(child, *b"name");
            let Body::Rename(facts) = &mut renamed.last().body else { panic!() };
            facts.tgid = 10;
            renamed.trips(&RULE);
            let mut ended = base.clone();
            ended.exit(child);
            let Body::Exit(facts) = &mut ended.last().body else { panic!() };
            facts.ppid = 1;
            ended.trips(&RULE);
            base.facts(child).start += 1;
            base.sweep();
            base.trips(&RULE);
        }
    }

    #[test]
    fn an_exec_by_a_thread_takes_its_leaders_number() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.exec_by_thread(thread);
            script.sweep();
            script.fork(child);
            script.holds(&RULE);
        }
    }
}
