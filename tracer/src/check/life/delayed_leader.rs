//! Rule 51: a thread group dies once, with its last thread, and its leader is released last.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{Exit, TaskFacts},
    model::{TaskId, World},
};

/// The end of a group.
pub(in crate::check) static RULE: Rule = Rule {
    number: 51,
    id: "delayed-leader",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A thread group dies once: one of its exits says so, no thread of it lives on or \
                forks then, the count of its living threads is that of the tables, its exit code \
                is that of the whole group, and its leader is released after all its other threads.",
    source: "do_exit, do_group_exit, synchronize_group_exit, wait_consider_task \
             (delay_group_leader), release_task (kernel/exit.c)",
    needs: &[
        Need::Fact(Fact::Fork),
        Need::Fact(Fact::Exit),
        Need::Fact(Fact::Release),
        Need::GroupDead,
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
        statement: "No thread of a group lives on when the last one of the tables exits, and the \
                    exit code of a process of one thread is that of its group.",
    }),
    exceptions: &[
        "the thread whose exit says that the group is dead need not be the last to tell its exit",
        "threads that have counted themselves out, and those that are being made, have no record yet",
        "a process that calls exit while a signal kills it has the signal as its group's exit code",
        "groups that existed before the hooks, or lived through a loss",
    ],
    trips: "two exits of one group say that it is dead",
    near_miss: "the exit that says so is told before that of a slower thread",
};

/// `SIGNAL_GROUP_EXIT` (include/linux/sched/signal.h).
const GROUP_EXIT: u32 = 4;
/// `PF_KTHREAD` (include/linux/sched.h): such exit by any code.
const PF_KTHREAD: u32 = 0x20_0000;
/// `CLONE_THREAD` (include/uapi/linux/sched.h).
const CLONE_THREAD: u64 = 0x1_0000;
/// The bit of an exit code that says that there is a core dump.
const CORE: i32 = 0x80;
/// Places for the exit codes of groups.
const CODES: usize = 256;
/// Groups in the midst of something, at most.
const KEPT: usize = 1024;

/// Groups that are dying, or have more threads than the tables.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Groups of which an exit said that they are dead, and that have unexited threads.
    dead: Vec<i32>,
    /// Groups with so many threads of which no birth was told.
    unborn: Vec<(i32, u32)>,
    /// The exit code of the latest groups that said so, in the place of the group's number.
    codes: Vec<(i32, i32)>,
}

impl State {
    /// Records are missing.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The exit code of a dying group, if an exit of it has told.
    pub(super) fn code_of(&self, tgid: i32) -> Option<i32> {
        let place = self.codes.get(tgid.unsigned_abs() as usize % CODES);
        place.filter(|&&(group, _)| group == tgid).map(|&(_, code)| code)
    }

    /// `SIGNAL_GROUP_EXIT` and its code stay, but for the mark of a core dump.
    fn same_code(&mut self, cx: &mut Cx<'_>, id: TaskId, facts: &Exit) {
        let (world, tgid) = (cx.world, cx.event.header.actor_tgid);
        if world.tgid(id) != tgid {
            return; // another task at its address, whose birth and the old one's end were lost
        }
        let marked = facts.signal_flags & GROUP_EXIT != 0;
        // of a group that does not exit, it is the signal that stopped it
        let plain = if marked { 0..0x1_0000 } else { 0..0x80 }.contains(&facts.group_code);
        let known = self.code_of(tgid).filter(|_| world.is_grouped(id));
        let same = known.is_none_or(|code| marked && (code ^ facts.group_code) & !CORE == 0);
        cx.test(&RULE, plain && same, || {
            Finding::new(
                Subject::task(world, id),
                format!("the group's exit code {known:?}, once it exits"),
                format!("{:#x}, signal->flags {:#x}", facts.group_code, facts.signal_flags),
            )
        });
        if self.codes.is_empty() {
            self.codes = vec![(0, 0); CODES];
        }
        if let Some(place) = self.codes.get_mut(tgid.unsigned_abs() as usize % CODES) {
            let code = if marked { (tgid, facts.group_code) } else { (0, 0) };
            if marked || place.0 == tgid {
                *place = code;
            }
        }
    }

    /// A task is born: a group's number may be another one's now.
    fn born(&mut self, tgid: i32) {
        if let Some(place) = self.codes.get_mut(tgid.unsigned_abs() as usize % CODES)
            && place.0 == tgid
        {
            *place = (0, 0);
        }
    }

    /// A task forks.
    #[inline]
    pub(super) fn fork(
        &mut self,
        cx: &mut Cx<'_>,
        actor: Option<TaskId>,
        (task, flags): (&TaskFacts, u64),
    ) {
        if task.tid == task.tgid {
            self.born(task.tgid);
        }
        if self.dead.is_empty() && self.unborn.is_empty() {
            return;
        }
        let tgid = cx.event.header.actor_tgid;
        let holds = !self.dead.contains(&tgid);
        if let Some(actor) = actor {
            let world = cx.world;
            cx.test(&RULE, holds, || {
                Finding::new(Subject::task(world, actor), "a dead group", "one of it forks")
            });
        }
        if flags & CLONE_THREAD != 0
            && let Some(at) = self.unborn.iter().position(|&(group, _)| group == tgid)
            && let Some((_, count)) = self.unborn.get_mut(at)
        {
            *count -= 1;
            if *count == 0 {
                self.unborn.swap_remove(at);
            }
        }
    }

    /// `sched_process_exit`.
    pub(super) fn exit(
        &mut self,
        cx: &mut Cx<'_>,
        known: &Known,
        sees: Sees,
        id: TaskId,
        facts: &Exit,
    ) {
        alone(cx, sees, id, facts);
        self.same_code(cx, id, facts);
        let world = cx.world;
        let leader = world.leader(id);
        if !known.whole(world, id) || !known.whole(world, leader) || !world.runs(id) {
            return;
        }
        let others = world.running(id).saturating_sub(1);
        // The count is read behind the record's place in the ring: as long as a thread lives on, any
        // number may be made meanwhile. Their births are told behind it.
        let holds = others > 0 || facts.live == 0;
        cx.test(&RULE, holds, || {
            Finding::new(
                Subject::task(world, id),
                format!("{others} threads live on"),
                format!("signal->live is {}", facts.live),
            )
        });
        if world.is_grouped(id) {
            self.group(cx, sees, (id, others), facts);
            return;
        }
        let dead = !sees.group_dead || facts.group_dead == 1;
        cx.test(&RULE, dead, || {
            Finding::new(Subject::task(world, id), "its process dies with it", "it does not")
        });
        let held = facts.signal_flags & GROUP_EXIT == 0
            || is_signal(facts.group_code) && has_form(facts)
            || facts.code == facts.group_code;
        cx.test(&RULE, held, || {
            Finding::new(
                Subject::task(world, id),
                format!("the group's exit code {:#x}", facts.group_code),
                format!("{:#x}", facts.code),
            )
        });
    }

    /// The exit of a thread that has, or had, siblings; so many of them have not exited.
    fn group(&mut self, cx: &mut Cx<'_>, sees: Sees, (id, others): (TaskId, u32), facts: &Exit) {
        let world = cx.world;
        let tgid = world.tgid(id);
        let more = facts.live.max(0).unsigned_abs().saturating_sub(others);
        let unborn = self.unborn.iter().position(|&(group, _)| group == tgid);
        if more > 0 && unborn.is_none() && self.unborn.len() < KEPT {
            self.unborn.push((tgid, more));
        }
        if others == 0 {
            cx.test(&RULE, unborn.is_none(), || {
                let observed = "an exit counted threads that were never made";
                Finding::new(Subject::task(world, id), "births of all threads", observed)
            });
            if let Some(at) = unborn {
                self.unborn.swap_remove(at);
            }
        }
        if !sees.group_dead {
            return;
        }
        let said = self.dead.iter().position(|&group| group == tgid);
        let says = facts.group_dead == 1;
        let holds = if others == 0 { says != said.is_some() } else { !(says && said.is_some()) };
        cx.test(&RULE, holds, || {
            let observed = if says { "a second one says so" } else { "none says so" };
            Finding::new(Subject::task(world, id), "one exit says that the group is dead", observed)
        });
        match said {
            Some(at) if others == 0 => {
                self.dead.swap_remove(at);
            }
            None if says && others > 0 && self.dead.len() < KEPT => self.dead.push(tgid),
            _ => {}
        }
    }
}

/// What an exit says by itself.
fn alone(cx: &mut Cx<'_>, sees: Sees, id: TaskId, facts: &Exit) {
    let world = cx.world;
    let kernel = world.flags_of(id) & PF_KTHREAD != 0;
    cx.test(&RULE, kernel || has_form(facts), || {
        let known = format!("exit(2)'s code, or its group's {:#x}", facts.group_code);
        Finding::new(Subject::task(world, id), known, format!("{:#x}", facts.code))
    });
    let told = if sees.group_dead { facts.group_dead <= 1 } else { facts.group_dead == 2 };
    let empty = facts.live == 0 || facts.group_dead != 1;
    cx.test(&RULE, told && empty && facts.live >= 0, || {
        Finding::new(
            Subject::task(world, id),
            "a dead group has no living thread",
            format!("group_dead {}, signal->live {}", facts.group_dead, facts.live),
        )
    });
    let marked = facts.signal_flags & GROUP_EXIT != 0;
    let whole = !marked || facts.signal_flags == GROUP_EXIT;
    let last = marked || !sees.marks_groups || facts.group_dead != 1;
    cx.test(&RULE, whole && last, || {
        Finding::new(
            Subject::task(world, id),
            "SIGNAL_GROUP_EXIT alone once the group exits",
            format!("signal->flags {:#x}", facts.signal_flags),
        )
    });
}

/// The group's exit code is that of a signal, which may have come while the task exited by itself.
fn is_signal(code: i32) -> bool {
    code & !0xff == 0 && code & 0x7f != 0
}

/// Whether a task ends by what ended its group, or by exit(2), or by a signal of its own.
fn has_form(facts: &Exit) -> bool {
    let group = facts.signal_flags & GROUP_EXIT != 0;
    let same = (facts.code ^ facts.group_code) & !CORE == 0;
    facts.code & !0xff00 == 0 || if group { same } else { is_signal(facts.code) }
}

/// `release_task` of a leader: its other threads were released before.
pub(super) fn release(cx: &mut Cx<'_>, known: &Known, id: TaskId) {
    let world = cx.world;
    if !world.is_grouped(id) || !world.leads(id) || !known.is_clear(world.tgid(id)) {
        return;
    }
    let other = left(world, known, id);
    cx.test(&RULE, other.is_none(), || {
        let tid = other.map_or(0, |other| world.tid(other));
        Finding::new(
            Subject::task(world, id),
            "the release of all its threads before",
            format!("thread {tid} is not released"),
        )
    });
}

fn left(world: &World, known: &Known, id: TaskId) -> Option<TaskId> {
    let threads = world.threads(id);
    threads.iter().copied().find(|&thread| thread != id && known.met(world, thread))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    fn exit(script: &mut Script) -> &mut Exit {
        let Body::Exit(exit) = &mut script.last().body else { panic!("no exit") };
        exit
    }

    /// A process of two threads, of which one has exited.
    fn half() -> (Script, i32) {
        let mut script = Script::new();
        let leader = script.fork(10);
        let thread = script.thread(leader);
        script.exit_as(thread, 0);
        (script, leader)
    }

    #[test]
    fn a_group_that_dies_twice_or_never_trips_it() {
        for first in [0, 1] {
            let (mut script, leader) = half();
            *exit(&mut script) =
                Exit { group_dead: first, live: 1 - first as i32, ..*exit(&mut script) };
            script.exit_as(leader, first);
            script.trips(&RULE);
        }
    }

    #[test]
    fn threads_that_never_were_trip_it() {
        let (mut script, leader) = half();
        exit(&mut script).live = 2;
        script.exit(leader);
        script.trips(&RULE);
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        script.exit(child);
        exit(&mut script).live = 1;
        exit(&mut script).group_dead = 0;
        script.trips(&RULE);
    }

    #[test]
    fn another_code_than_the_groups_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        *exit(&mut script) =
            Exit { code: 256, group_code: 512, signal_flags: GROUP_EXIT, ..*exit(&mut script) };
        script.trips(&RULE);
    }

    #[test]
    fn a_leader_released_before_its_thread_trips_it() {
        let (mut script, leader) = half();
        script.exit(leader);
        script.release_only(leader, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_slower_thread_that_tells_its_exit_last_does_not() {
        let mut script = Script::new();
        let leader = script.fork(10);
        let thread = script.thread(leader);
        script.exit_as(thread, 1);
        exit(&mut script).live = 0;
        script.exit_as(leader, 0);
        script.release(thread, thread);
        script.release(leader, 10);
        script.holds(&RULE);
    }

    #[test]
    fn threads_that_are_being_made_may_count_before_their_births_are_told() {
        let (mut script, leader) = half();
        exit(&mut script).live = 4;
        let more: Vec<i32> = (0..3).map(|_| script.thread(leader)).collect();
        script.exit_as(leader, 0);
        for (at, &thread) in more.iter().enumerate() {
            script.exit_as(thread, u32::from(at == 2));
        }
        script.holds(&RULE);
    }
}
