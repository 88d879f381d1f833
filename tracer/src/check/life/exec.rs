//! Rule 56: an exec keeps the process, and says what its rename and its swap have said.

use super::{
    known::{Known, PF_EXITING, Sees},
    tid_change::WORKER,
};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{ExchangeTids, Rename, TaskFacts},
    model::{Certainty, TaskId, World},
};
use tracer_ebpf::wire::Exec;

/// Exec.
pub(in crate::check) static RULE: Rule = Rule {
    number: 56,
    id: "exec",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "After an exec the task is the only one of its process and leads it, under the \
                number, pid and start of its leader, with the name that its rename has told and \
                the ids that it had; only its own process renames a user task, and who has called \
                exec has told so.",
    source: "begin_new_exec, de_thread, __set_task_comm, exec_binprm (fs/exec.c)",
    needs: &[
        Need::Fact(Fact::Exec),
        Need::Fact(Fact::Rename),
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::Cred),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Exec), Need::Fact(Fact::Rename), Need::Fact(Fact::Exit)],
        statement: "After an exec all other threads have exited, the task leads its process, and \
                    its name is the one that its rename has told.",
    }),
    exceptions: &[
        "workers that io_uring or vhost make are not waited for",
        "whoever makes a kernel thread gives it its name",
        "a sweep may read a task's ids in the midst of a change",
        "an exec that began before the hooks were attached",
    ],
    trips: "an exec under another name than the rename before it",
    near_miss: "an exec by a thread, once its leader was released",
};

/// `PF_KTHREAD` (include/linux/sched.h).
const PF_KTHREAD: u32 = 0x0020_0000;
/// `PF_FORKNOEXEC`: it has not called exec since its birth.
const PF_FORKNOEXEC: u32 = 0x40;
/// Places for the latest renames, by task.
const NAMES: usize = 1024;
/// Swaps that await their exec, and tasks whose ids are in doubt, at most.
const KEPT: usize = 1024;

/// What an exec is held against.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// The latest rename that a task made of itself.
    names: Box<[Name]>,
    /// Tasks that a sweep showed as ones that have called exec, none of which was told; which
    /// sweep.
    unseen: Vec<(u64, u64)>,
    /// When the last sweep began.
    swept: u64,
    /// Tasks that took their leader's number, and their own before.
    swaps: Vec<(u64, i32)>,
    /// Tasks of which a sweep read other ids than the tables had.
    doubted: Vec<u64>,
}

/// What a task calls itself.
#[derive(Clone, Copy, Debug, Default)]
struct Name {
    task: u64,
    comm: [u8; 16],
    /// No rename has come since its birth, or since its last exec.
    stale: bool,
}

impl Default for State {
    fn default() -> Self {
        let names = vec![Name::default(); NAMES].into_boxed_slice();
        Self { names, unseen: Vec::new(), swept: 0, swaps: Vec::new(), doubted: Vec::new() }
    }
}

impl State {
    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.names.fill(Name::default());
        self.unseen.clear();
        self.swaps.clear();
        self.doubted.clear();
    }

    fn swapped(&mut self, task: u64, old_tid: i32) {
        self.swaps.retain(|&(other, _)| other != task);
        if self.swaps.len() >= KEPT {
            self.swaps.remove(0);
        }
        self.swaps.push((task, old_tid));
    }

    /// `exchange_tids`: the exec will tell the number that the thread has now.
    pub(super) fn exchange(&mut self, cx: &Cx<'_>, facts: &ExchangeTids) {
        if let Some(left) = cx.world.at_key(facts.left) {
            self.swapped(facts.left, cx.world.tid(left));
        }
    }

    /// A task exits: no exec of it will come.
    #[inline]
    pub(super) fn exit(&mut self, task: u64) {
        self.told(task);
        if !self.swaps.is_empty() {
            self.swaps.retain(|&(other, _)| other != task);
        }
    }

    /// A sweep or an update shows a task's ids.
    #[inline]
    pub(super) fn shown(&mut self, cx: &mut Cx<'_>, known: &Known, id: TaskId, facts: &TaskFacts) {
        self.execed(cx, known, id, facts);
        let world = cx.world;
        if world.ids_of(id) != (Some(facts.uid), Some(facts.gid)) {
            let key = world.key_of(id);
            if self.doubted.len() < KEPT && !self.doubted.contains(&key) {
                self.doubted.push(key);
            }
        }
    }

    /// `task_rename`.
    pub(super) fn rename(&mut self, cx: &mut Cx<'_>, id: Option<TaskId>, facts: &Rename) {
        let (world, header) = (cx.world, &cx.event.header);
        if header.actor == facts.task
            && let Some(place) = self.names.get_mut(slot(facts.task))
        {
            *place = Name { task: facts.task, comm: facts.comm, stale: false };
        }
        let Some(id) = id else { return };
        if facts.tid == facts.tgid && world.tid(id) != facts.tid {
            self.swapped(facts.task, world.tid(id)); // the witness of a swap
        }
        if world.certainty_of(id) == Certainty::Inferred {
            return;
        }
        let kernel = world.flags_of(id) & PF_KTHREAD != 0;
        cx.test(&RULE, kernel || header.actor_tgid == facts.tgid, || {
            Finding::new(
                Subject::task(world, id),
                "its own process renames it",
                format!("{} of {} does", header.actor_tid, header.actor_tgid),
            )
        });
    }

    /// Every exec gives its task a name before it is told.
    fn named(&mut self, cx: &mut Cx<'_>, facts: &Exec) {
        let Some(place) = self.names.get_mut(slot(facts.task)) else { return };
        let Name { task, comm, stale } = *place;
        if task != facts.task {
            return;
        }
        place.stale = true;
        cx.test(&RULE, !stale && name(&comm) == name(&facts.comm), || {
            let known = String::from_utf8_lossy(name(&comm)).into_owned();
            let since = if stale { ", and another rename since" } else { "" };
            Finding::new(
                Subject::task_named(facts.task, facts.tid, facts.tid),
                format!("the name {known:?} of its rename{since}"),
                format!("{:?}", String::from_utf8_lossy(name(&facts.comm))),
            )
        });
    }

    /// A task is born: who makes it has told of an exec that a sweep has shown before.
    #[inline]
    pub(super) fn fork(&mut self, cx: &mut Cx<'_>, task: &TaskFacts) {
        let by = cx.event.header.actor;
        cx.test(&RULE, !self.is_unseen(by), || unseen(cx.world, by));
        if let Some(place) = self.names.get_mut(slot(task.task)) {
            *place = Name { task: task.task, comm: task.comm, stale: true };
        }
        self.told(task.task);
    }

    /// An exec, or the end, of a task is told.
    #[inline]
    fn told(&mut self, task: u64) {
        if !self.unseen.is_empty() {
            self.unseen.retain(|&(other, _)| other != task);
        }
    }

    fn is_unseen(&self, task: u64) -> bool {
        self.unseen.iter().any(|&(other, _)| other == task)
    }

    /// A sweep, or an update, shows whether a task has called exec.
    fn execed(&mut self, cx: &mut Cx<'_>, known: &Known, id: TaskId, facts: &TaskFacts) {
        let world = cx.world;
        let fresh = facts.flags & (PF_FORKNOEXEC | PF_EXITING) != 0 || !world.runs(id);
        if fresh || !known.whole(world, id) || world.has_execed(id) {
            return;
        }
        if cx.event.header.actor == facts.task {
            cx.test(&RULE, false, || unseen(world, facts.task));
        } else if self.unseen.len() < KEPT && !self.is_unseen(facts.task) {
            self.unseen.push((facts.task, cx.event.header.ts));
        }
    }

    /// A sweep is over: what one before it has left open is judged.
    pub(super) fn end(&mut self, cx: &mut Cx<'_>) {
        let begun = self.swept;
        self.unseen.retain(|&(task, ts)| {
            if ts < begun {
                cx.test(&RULE, false, || unseen(cx.world, task));
            }
            ts >= begun
        });
    }

    /// A sweep begins.
    pub(super) fn begin(&mut self, ts: u64) {
        self.swept = ts;
    }

    /// `sched_process_exec`.
    pub(super) fn exec(
        &mut self,
        cx: &mut Cx<'_>,
        (known, sees): (&Known, Sees),
        id: Option<TaskId>,
        facts: &Exec,
    ) {
        let world = cx.world;
        self.named(cx, facts);
        self.told(facts.task);
        let swap = self.swaps.iter().position(|&(task, _)| task == facts.task);
        let old = swap.map(|at| self.swaps.swap_remove(at).1);
        let header = &cx.event.header;
        let leads = facts.tid == header.actor_tgid && facts.tid == header.actor_tid;
        cx.test_alone(&RULE, leads, || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tid);
            Finding::new(subject, "the leader of its process", facts.tid.to_string())
        });
        let Some(id) = id else { return };
        let same = world.certainty_of(id) == Certainty::Inferred || world.tgid(id) == facts.tid;
        cx.test(&RULE, leads && same, || {
            Finding::new(
                Subject::task(world, id),
                format!("it leads {}", world.tgid(id)),
                format!("it is {}", facts.tid),
            )
        });
        // without its hook, other records than the rename may have told of the swap
        if sees.exchange || old.is_some() || !world.is_grouped(id) {
            number(cx, known, (id, old), facts);
        }
        alone(cx, known, sees, id);
        self.same(cx, (known, sees), id, facts);
    }

    /// What an exec does not change, where every change is seen.
    fn same(&self, cx: &mut Cx<'_>, (known, sees): (&Known, Sees), id: TaskId, facts: &Exec) {
        let world = cx.world;
        if !sees.exchange || !known.met(world, id) || !known.is_clear(world.tgid(id)) {
            return;
        }
        let start = world.start_of(id);
        let pid = world.pid_of(id).map_or(0, |pid| world.key_of_pid(pid));
        let own = (start == 0 || start == facts.start) && (pid == 0 || pid == facts.pid);
        cx.test(&RULE, own, || {
            Finding::new(
                Subject::task(world, id),
                format!("pid {pid:#x}, started at {start}"),
                format!("pid {:#x}, started at {}", facts.pid, facts.start),
            )
        });
        let ids = world.ids_of(id);
        let (Some(uid), Some(gid)) = ids else { return };
        if !cx.is_full(&RULE) || self.doubted.contains(&facts.task) {
            return;
        }
        cx.test(&RULE, (uid, gid) == (facts.uid, facts.gid), || {
            Finding::new(
                Subject::task(world, id),
                format!("uid {uid}, gid {gid}"),
                format!("uid {}, gid {}", facts.uid, facts.gid),
            )
        });
    }
}

#[cold]
fn unseen(world: &World, task: u64) -> Finding {
    let subject = world.at_key(task).map_or_else(Subject::record, |id| Subject::task(world, id));
    Finding::new(subject, "an exec", "it has called exec, and none was seen")
}

/// The number that it had when it called exec.
fn number(cx: &mut Cx<'_>, known: &Known, (id, swapped): (TaskId, Option<i32>), facts: &Exec) {
    let world = cx.world;
    if !known.whole(world, id) || !known.is_clear(world.tgid(id)) {
        return;
    }
    let old = swapped.unwrap_or_else(|| world.tid(id));
    cx.test(&RULE, facts.old_tid == old, || {
        let observed = format!("{} before the exec", facts.old_tid);
        Finding::new(Subject::task(world, id), format!("number {old}"), observed)
    });
}

fn slot(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54) as usize % NAMES
}

/// Up to the NUL: what is behind it may be left over from a longer name.
fn name(comm: &[u8; 16]) -> &[u8] {
    comm.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// No other thread is left.
fn alone(cx: &mut Cx<'_>, known: &Known, sees: Sees, id: TaskId) {
    let world = cx.world;
    if !world.is_grouped(id) || !known.is_clear(world.tgid(id)) {
        return;
    }
    let left = world.threads(id).iter().copied().find(|&thread| {
        let ended = if sees.release { !world.lives(thread) } else { !world.runs(thread) };
        let worker = world.flags_of(thread) & WORKER != 0;
        thread != id && !ended && !worker && known.met(world, thread)
    });
    cx.test(&RULE, left.is_none(), || {
        let tid = left.map_or(0, |left| world.tid(left));
        Finding::new(Subject::task(world, id), "no other thread", format!("{tid} is left"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    fn spoilt(mut script: Script, spoil: fn(&mut Exec)) -> Script {
        let child = script.fork(10);
        script.exec(child);
        if let Body::Exec(exec) = &mut script.last().body {
            spoil(&mut exec.facts);
        }
        script
    }

    #[test]
    fn what_an_exec_says_otherwise_trips_it() {
        spoilt(Script::new(), |exec| exec.comm[0] += 1).trips(&RULE);
        spoilt(Script::new(), |exec| exec.old_tid += 1).trips(&RULE);
        spoilt(Script::new(), |exec| exec.tid += 1).trips(&RULE);
        spoilt(Script::new(), |exec| exec.pid += 1).trips(&RULE);
        spoilt(Script::new(), |exec| exec.start += 1).trips(&RULE);
        spoilt(Script::new(), |exec| exec.uid += 1).trips(&RULE);
        spoilt(Script::tracepoints(), |exec| exec.comm[0] += 1).trips(&RULE);
    }

    #[test]
    fn a_thread_that_is_left_trips_both_forms() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            script.thread(child);
            script.exec(child);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_rename_by_another_process_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.rename(child, *b"name");
        let facts = script.tasks[&10].facts;
        let header = &mut script.last().header;
        (header.actor, header.actor_tid, header.actor_tgid) = (facts.task, 10, 10);
        script.trips(&RULE);
    }

    #[test]
    fn an_exec_by_a_thread_does_not() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.exec_by_thread(thread);
            script.holds(&RULE);
        }
    }
}
