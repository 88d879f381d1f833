//! Rule 7: a pid is allocated once and freed once.

use super::ground::{Ground, is_young, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{Body, FreePid, Upid},
    model::{PidId, PidState, TaskId, World},
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 7,
    id: "publish-once",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A struct pid that is in use is not allocated again, what is freed was in use, and a pid that nobody uses any more is freed before the memory of its task is.",
    source: "alloc_pid, free_pid, __change_pid (kernel/pid.c), release_task (kernel/exit.c)",
    needs: &[
        Need::Fact(Fact::AllocPid),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::ChangePid),
        Need::Fact(Fact::ExchangeTids),
        Need::Fact(Fact::FreeTask),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
        statement: "No new task has the struct pid of another one that runs.",
    }),
    exceptions: &[
        "A fork that was under way when the hooks were attached frees a pid whose allocation was not seen.",
        "Since 7.0 alloc_pid frees a published pid itself if pidfs has no memory for it: it fails with ENOMEM then.",
        "A pid that a group or a session uses outlives its task.",
    ],
    trips: "A pid is freed twice.",
    near_miss: "A pid is freed only when the last process of its group has gone, long after its task.",
};

/// How many freed pids are remembered.
const FREED: usize = 1024;
/// How many unexplained frees wait for what explains them.
const WAITING: usize = 16;
const ENOMEM: i32 = 12;

/// What this rule remembers.
#[derive(Clone, Debug)]
pub(super) struct Frees {
    /// Keys of pids that were freed and not allocated since.
    freed: Box<[u64]>,
    /// Frees of pids that nobody knew: by whom, and of which pid.
    waiting: Vec<(u64, FreePid)>,
}

impl Default for Frees {
    fn default() -> Self {
        Self { freed: vec![0; FREED].into_boxed_slice(), waiting: Vec::new() }
    }
}

impl Frees {
    #[inline]
    fn slot(&mut self, key: u64) -> Option<&mut u64> {
        let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        self.freed.get_mut(hash as usize % FREED)
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.freed.fill(0);
        self.waiting.clear();
    }

    /// A pid is allocated.
    #[inline]
    pub(super) fn allocated(
        &mut self,
        cx: &mut Cx<'_>,
        ground: &Ground,
        key: u64,
        vector: &[Upid],
    ) {
        if let Some(slot) = self.slot(key).filter(|slot| **slot == key) {
            *slot = 0;
        }
        let sure = |&old: &PidId| ground.is_sure(cx.world, old) || ground.is_let_go(cx.world, old);
        let old = cx.world.pid_at(key).filter(sure);
        cx.test(&RULE, old.is_none(), || {
            let expected = "a pid that is not in use";
            let nr = old.map_or(0, |old| cx.world.nr(old));
            Finding::new(named(key, vector), expected, format!("it is in use, with number {nr}"))
        });
    }

    /// A pid is freed.
    #[inline]
    pub(super) fn freed(&mut self, cx: &mut Cx<'_>, ground: &Ground, facts: &FreePid) {
        let known = cx.world.pid_at(facts.pid);
        if known.is_none() {
            self.unknown(cx, ground, facts);
        }
        if let Some(slot) = self.slot(facts.pid) {
            *slot = facts.pid;
        }
        if known.is_some() {
            cx.test(&RULE, true, || unreachable_finding(facts));
        }
    }

    #[cold]
    fn unknown(&mut self, cx: &Cx<'_>, ground: &Ground, facts: &FreePid) {
        let twice = self.slot(facts.pid).is_some_and(|slot| *slot == facts.pid);
        let hidden = cx.hides() || ground.is_swapping();
        let actor = cx.event.header.actor;
        if actor != 0 && (twice || is_young(cx, ground.begun) && !hidden) {
            self.waiting.retain(|&(by, _)| by != actor);
            self.waiting.truncate(WAITING - 1);
            self.waiting.push((actor, *facts));
        }
    }

    /// The next record of who freed an unknown pid: `alloc_pid` has failed, or there was none.
    #[inline]
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        if !self.waiting.is_empty() {
            self.explain(cx);
        }
    }

    #[cold]
    fn explain(&mut self, cx: &mut Cx<'_>) {
        let actor = cx.event.header.actor;
        let Some(at) = self.waiting.iter().position(|&(by, _)| by == actor) else { return };
        let (_, facts) = self.waiting.swap_remove(at);
        let failed = matches!(&cx.event.body, Body::AllocFail(failed) if failed.errno == ENOMEM);
        cx.test(&RULE, failed, || unreachable_finding(&facts));
    }
}

/// A pid was freed that is not in use.
fn unreachable_finding(facts: &FreePid) -> Finding {
    Finding::new(
        Subject::pid_named(facts.pid, std::iter::once(facts.nr)),
        "the free of a pid that is in use",
        "it was freed before, or never allocated",
    )
}

/// A new task has a pid.
#[inline]
pub(super) fn given(cx: &mut Cx<'_>, ground: &Ground, task: u64, key: u64, vector: &[Upid]) {
    let holder = cx.world.pid_at(key).and_then(|pid| {
        let holder = cx.world.live_holder(pid)?;
        (cx.world.key_of(holder) != task && ground.is_sure(cx.world, pid)).then_some(holder)
    });
    cx.test(&RULE, holder.is_none(), || {
        let tid = holder.map_or(0, |holder| cx.world.tid(holder));
        let observed = format!("task {tid} has it");
        Finding::new(named(key, vector), "a pid that no other task has", observed)
    });
}

/// Records until a pid that nobody uses must have been freed: who has let go of it last frees it
/// after `tasklist_lock`.
const PATIENCE: u64 = 64;

/// Pids that wait for it at most.
const MOST: usize = 64;

/// Pids of tasks whose memory is freed, that nobody uses and that are not freed yet.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlived(Vec<(PidId, u64)>);

impl Outlived {
    /// The memory of a task is freed: its pid was freed before, unless a group or a session uses it.
    #[inline]
    pub(super) fn note(&mut self, cx: &mut Cx<'_>, ground: &Ground, task: TaskId) {
        if !cx.is_full(&RULE) || ground.in_flight != 0 || ground.is_moving() || cx.world.lives(task)
        {
            return;
        }
        let Some(pid) = cx.world.pid_of(task) else { return };
        if !is_left(cx, pid) {
            cx.test(&RULE, true, || left(cx.world, pid));
        } else if self.0.len() < MOST {
            self.0.push((pid, cx.book.recent.count()));
        }
    }

    /// Judges those that have waited long enough.
    #[inline]
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        if self.0.is_empty() {
            return;
        }
        if let Body::Lost(_) = cx.event.body {
            return self.0.clear();
        }
        let now = cx.book.recent.count();
        self.0.retain(|&(pid, since)| {
            if now - since < PATIENCE {
                return true;
            }
            let world = cx.world;
            cx.test(&RULE, !is_left(cx, pid), || left(world, pid));
            false
        });
    }
}

/// Whether a pid that was allocated before our eyes is used by nobody, and not freed.
fn is_left(cx: &Cx<'_>, pid: PidId) -> bool {
    let live = cx.world.state_of_pid(pid) != PidState::Freed;
    let used = cx.world.live_holder(pid).is_some() || cx.world.users(pid) != [0; 2];
    live && !used && cx.world.allocated_at(pid) != 0
}

fn left(world: &World, pid: PidId) -> Finding {
    let observed = "nobody uses it, and it was not freed";
    Finding::new(Subject::pid(world, pid), "its pid is freed, or in use", observed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::Script,
        event::{AllocFail, Header},
    };

    #[test]
    fn a_second_allocation_or_free_is_a_violation() {
        let mut script = Script::new();
        script.fork(10);
        let at = script.events.len() - 2;
        let body = script.events[at].body.clone();
        script.write(10, 6, body);
        script.trips(&RULE);
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        let at = script.events.len() - 2;
        let body = script.events[at].body.clone();
        script.write(10, 10, body);
        script.fork(10);
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_that_is_never_freed_is_a_violation() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        script.hide(1);
        (0..PATIENCE).for_each(|_| script.rename(10, *b"busy"));
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_that_a_running_task_has_is_given_to_no_other() {
        let mut script = Script::tracepoints();
        let pid = script.tasks[&10].facts.pid;
        script.fork(10);
        let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
        task.pid = pid;
        script.trips(&RULE);
        let mut script = Script::tracepoints();
        script.fork(10);
        script.holds(&RULE);
    }

    #[test]
    fn a_group_keeps_the_pid_of_its_dead_leader() {
        let mut script = Script::new();
        let leader = script.fork(10);
        script.change_pid(leader, leader, 2, leader);
        let member = script.fork(leader);
        let person = script.tasks[&leader].clone();
        script.exit(leader);
        script.release_only(leader, 10);
        script.tasks.remove(&leader);
        script.free_task(&person);
        script.exit(member);
        script.release_only(member, 1);
        let other = script.tasks.remove(&member).unwrap();
        script.free_pid(&other, 1);
        script.free_pid(&person, 1);
        script.free_task(&other);
        script.holds(&RULE);
    }

    #[test]
    fn alloc_pid_frees_what_pidfs_refuses() {
        let mut script = Script::new();
        let child = script.fork(10);
        let mut person = script.tasks[&child].clone();
        person.facts.pid = 0x7770;
        script.free_pid(&person, child);
        let header = Header::default();
        let (ns, inum) = (person.vector[0].ns, person.vector[0].inum);
        let facts = AllocFail { header, ns, inum, level: 0, errno: ENOMEM, allocated: 1 << 31 | 4 };
        script.write(child, 8, Body::AllocFail(facts));
        script.holds(&RULE);
        script.events.pop();
        script.fork(child);
        script.trips(&RULE);
    }
}
