//! Rule 49: a task exits, is released, and is freed, in this order, and its records agree.

use super::known::{Known, Sees};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{Exit, FreePid, FreeTask, Release, TaskFacts},
    model::{PidId, PidState, TaskId, TaskState, World},
};

/// What PTRACE_KILL leaves as a code.
const SIGKILL: i32 = 9;

/// Exit, release, free.
pub(in crate::check) static RULE: Rule = Rule {
    number: 49,
    id: "exit-release-free",
    group: Group::Life,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A task exits before it is released, is released before its pid's numbers and its \
                memory are freed, and the records of its end agree on its pid, its parent and its \
                exit code.",
    source: "do_exit, exit_notify, release_task (kernel/exit.c), free_pid (kernel/pid.c), \
             delayed_put_task_struct (kernel/exit.c)",
    needs: &[
        Need::Fact(Fact::Exit),
        Need::Fact(Fact::Release),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::FreeTask),
        Need::Fact(Fact::ExchangeTids),
    ],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Exit), Need::Fact(Fact::FreeTask)],
        statement: "A task exits before its memory is freed, and its exit names its own pid and \
                    parent.",
    }),
    exceptions: &[
        "a task that was already exiting when the hooks were attached, whose exit nobody saw",
        "a pid that lives on as a group's or session's is freed long after its task",
        "a parent that exits may be named until its children have really been handed on",
        "newer kernels (7.x) set the exit code of a leader to its group's when that is dead",
        "up to 5.18 PTRACE_KILL may overwrite the exit code of a traced task that is exiting",
    ],
    trips: "a task is released that has not exited",
    near_miss: "a thread releases itself before its leader, long exited, is released",
};

/// `sched_process_exit` names the task's pid and parent.
pub(super) fn exit(cx: &mut Cx<'_>, known: &Known, id: TaskId, facts: &Exit) {
    own_pid(cx, known, id, facts.pid);
    parent(cx, known, id, (facts.real_parent, facts.ppid));
}

/// `release_task`: of an exited task, and with what its exit said.
pub(super) fn release(
    cx: &mut Cx<'_>,
    known: &Known,
    (sees, group): (Sees, Option<i32>),
    id: Option<TaskId>,
    facts: &Release,
) {
    let world = cx.world;
    let Some(id) = id else {
        // a task that only /proc shows has no key yet
        let hidden = world.find_task(facts.tid).is_some_and(|task| world.key_of(task) == 0);
        cx.test(&RULE, hidden || !known.is_armed(), || {
            let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
            Finding::new(subject, "the release of a task that has exited", "nobody knows the task")
        });
        return;
    };
    let early = world.runs(id) && known.met(world, id);
    cx.test(&RULE, !early, || {
        Finding::new(Subject::task(world, id), "its exit before its release", "it has not exited")
    });
    own_pid(cx, known, id, facts.pid);
    parent(cx, known, id, (facts.real_parent, facts.ppid));
    if world.exited_at(id) != 0 && world.lives(id) {
        let code = world.exit_code_of(id);
        let signal = facts.code & !0xff == 0 && facts.code & 0x7f != 0;
        let settled = sees.settles_codes && world.leads(id) && (signal || world.is_grouped(id));
        let settled = settled && group.is_none_or(|group| (group ^ facts.code) & !0x80 == 0);
        let killed = facts.code == SIGKILL && world.tracer(id).is_some();
        let holds = facts.code == code || settled || killed;
        cx.test(&RULE, holds, || {
            Finding::new(
                Subject::task(world, id),
                format!("exit code {code:#x}, as its exit said"),
                format!("{:#x}", facts.code),
            )
        });
    }
}

/// `sched_process_free`: of a task that was released, or at least has exited.
pub(super) fn free_task(
    cx: &mut Cx<'_>,
    known: &Known,
    sees: Sees,
    id: Option<TaskId>,
    facts: &FreeTask,
) {
    let world = cx.world;
    cx.test_alone(&RULE, facts.task != 0 && facts.tid >= 0, || {
        let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
        Finding::new(subject, "a task whose memory is freed", "nobody")
    });
    let Some(id) = id else {
        if known.is_armed() && !world.has_forgotten() {
            stranger(cx, known, facts);
        }
        return;
    };
    let holds = match world.state_of(id) {
        TaskState::Running => !known.met(world, id),
        TaskState::Zombie => !(sees.release && known.met(world, id)),
        TaskState::Released | TaskState::Freed => true,
    };
    cx.test(&RULE, holds, || {
        let observed = if world.runs(id) { "it has not exited" } else { "it was not released" };
        Finding::new(Subject::task(world, id), "its end before its memory is freed", observed)
    });
    let nobody = cx.event.header.actor == 0 && cx.event.header.actor_tid == 0;
    cx.test(&RULE, nobody, || {
        Finding::new(Subject::task(world, id), "nobody acts in an RCU callback", "an actor")
    });
}

/// The freeing of a task that is not known: not while one with its number waits for that.
fn stranger(cx: &mut Cx<'_>, known: &Known, facts: &FreeTask) {
    let world = cx.world;
    let waits = |&id: &TaskId| {
        world.tid(id) == facts.tid
            && world.tgid(id) == facts.tgid
            && world.state_of(id) == TaskState::Released
            && known.whole(world, id)
    };
    let other = world.past_tasks().find(waits);
    cx.test(&RULE, other.is_none(), || {
        let subject = Subject::task_named(facts.task, facts.tid, facts.tgid);
        Finding::new(subject, "the freeing of a task that was released", "nobody knows the task")
    });
}

/// `free_pid`: after the release of the task that had the pid, by who released it.
pub(super) fn free_pid(
    cx: &mut Cx<'_>,
    known: &Known,
    sees: Sees,
    pid: PidId,
    (facts, roams): (&FreePid, bool),
) {
    let world = cx.world;
    let level = world.numbers(pid).len().saturating_sub(1);
    let ino = world.ino(pid);
    let same = world.nr(pid) == facts.nr && (ino == 0 || facts.ino == 0 || ino == facts.ino);
    // of a pid that only a group's key named, level 0 alone is known
    let named = level == 0 && world.allocated_at(pid) == 0;
    let deep = level == facts.level as usize || named && facts.level <= 32;
    cx.test(&RULE, same && deep, || {
        Finding::new(
            Subject::pid(world, pid),
            format!("number {}, level {level}, inode {ino}", world.nr(pid)),
            format!("number {}, level {}, inode {}", facts.nr, facts.level, facts.ino),
        )
    });
    if !sees.release || !sees.exchange {
        return;
    }
    let Some(task) = world.holder(pid) else { return };
    // a sweep that passes an exec may have given the pid to the wrong one of two
    if world.tid(task) != facts.nr || !known.is_clear(world.tgid(task)) {
        return;
    }
    let held = world.lives(task) && known.met(world, task);
    cx.test(&RULE, !held, || {
        Finding::new(Subject::pid(world, pid), "the release of its task before", "it has a task")
    });
    let Some(by) = world.reaper_of(task) else { return };
    let shared = roams
        || world.leads(task)
            && (!known.whole(world, task)
                || world.task_pgrp(task) == Some(pid)
                || world.task_session(task) == Some(pid));
    if world.state_of_pid(pid) == PidState::Attached && !world.lives(task) && !shared {
        let actor = cx.event.header.actor;
        cx.test(&RULE, world.key_of(by) == actor, || {
            Finding::new(
                Subject::pid(world, pid),
                format!("freed by {}, who released its task", world.tid(by)),
                format!("by {}", name(world, actor)),
            )
        });
    }
}

/// A birth before the first sweep: by who has allocated the pid.
#[cold]
pub(super) fn born(cx: &mut Cx<'_>, task: &TaskFacts, by: u64) {
    let actor = cx.event.header.actor;
    cx.test_if(true, &RULE, by == actor, || {
        let subject = Subject::task_named(task.task, task.tid, task.tgid);
        Finding::new(subject, format!("made by {by:#x}, who has its pid"), format!("by {actor:#x}"))
    });
}

/// `free_pid` of a pid that no task has got: the fork that allocated it has failed.
pub(super) fn failed(cx: &mut Cx<'_>, pid: PidId, by: u64) {
    let (world, actor) = (cx.world, cx.event.header.actor);
    cx.test(&RULE, by == actor, || {
        Finding::new(
            Subject::pid(world, pid),
            format!("freed by {}, whose fork failed", name(world, by)),
            format!("by {}", name(world, actor)),
        )
    });
}

fn name(world: &World, key: u64) -> String {
    let id = world.at_key(key);
    id.map_or_else(|| format!("the unknown task {key:#x}"), |id| world.tid(id).to_string())
}

/// A record of a task names the pid that the tables have.
fn own_pid(cx: &mut Cx<'_>, known: &Known, id: TaskId, key: u64) {
    let world = cx.world;
    let Some(pid) = world.pid_of(id) else { return };
    let own = world.key_of_pid(pid);
    let clear = world.nr(pid) == world.tid(id) && known.is_clear(world.tgid(id));
    if own == 0 || !clear || !cx.is_full(&RULE) && world.is_grouped(id) {
        return;
    }
    cx.test(&RULE, own == key, || {
        Finding::new(Subject::task(world, id), format!("pid {own:#x}"), format!("{key:#x}"))
    });
}

/// A record of a task names the process that is its parent. While that lives there is no other;
/// which of its threads it is, is the kernel's choice.
fn parent(cx: &mut Cx<'_>, known: &Known, id: TaskId, (key, ppid): (u64, i32)) {
    let world = cx.world;
    let leader = world.leader(id);
    cx.test_alone(&RULE, key != 0 && key != world.key_of(id), || {
        Finding::new(Subject::task(world, id), "a parent", format!("{key:#x} of {ppid}"))
    });
    let Some(parent) = world.parent(leader) else { return };
    if !world.runs(parent) || world.is_parent_inferred(id) || world.is_parent_inferred(leader) {
        return;
    }
    let own = world.key_of(parent);
    let number = world.tgid(parent) == ppid;
    // pid 1's threads may escape a sweep
    let hazy = || world.tgid(parent) == 1 || world.has_forgotten() || !known.is_armed();
    let thread = own == key
        || own == 0
        || key != 0
            && world.is_grouped(parent)
            && world.at_key(key).map_or_else(hazy, |named| world.same_process(named, parent));
    cx.test(&RULE, number && thread, || {
        Finding::new(
            Subject::task(world, id),
            format!("parent {own:#x} of {}", world.tgid(parent)),
            format!("{key:#x} of {ppid}"),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn a_release_before_the_exit_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.release_only(child, 10);
        script.trips(&RULE);
    }

    #[test]
    fn an_exit_that_nobody_tells_trips_it_and_one_that_was_lost_does_not() {
        for lost in [false, true] {
            let mut script = Script::new();
            let child = script.fork(10);
            script.exit(child);
            script.hide(0);
            if lost {
                script.lose(1, 0);
            }
            script.release(child, 10);
            script.sweep();
            if lost {
                script.is_legal();
            } else {
                script.trips(&RULE);
            }
        }
    }

    #[test]
    fn memory_freed_before_the_exit_trips_the_weaker_form() {
        let mut script = Script::tracepoints();
        let child = script.fork(10);
        let person = script.tasks[&child].clone();
        script.free_task(&person);
        script.trips(&RULE);
    }

    #[test]
    fn another_code_or_parent_or_pid_at_the_release_trips_it() {
        let spoils: [fn(&mut Release); 4] = [
            |release| release.code = 256,
            |release| release.ppid = 1,
            |release| release.real_parent += 1,
            |release| release.pid += 1,
        ];
        for spoil in spoils {
            let mut script = Script::new();
            let child = script.fork(10);
            script.exit(child);
            script.release_only(child, 10);
            if let Body::Release(release) = &mut script.last().body {
                spoil(release);
            }
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_pid_freed_while_its_task_is_there_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        let person = script.tasks[&child].clone();
        script.free_pid(&person, 10);
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_freed_by_a_stranger_trips_it() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.exit(child);
        script.release_only(child, 10);
        let person = script.tasks[&child].clone();
        script.free_pid(&person, 1);
        script.trips(&RULE);
    }

    #[test]
    fn a_failed_forks_pid_freed_by_another_trips_it() {
        for by in [10, 1] {
            let mut script = Script::new();
            let child = script.fork(10);
            script.events.pop();
            let person = script.tasks.remove(&child).unwrap();
            script.free_pid(&person, by);
            if by == 10 {
                script.holds(&RULE);
            } else {
                script.trips(&RULE);
            }
        }
    }

    #[test]
    fn a_thread_that_ends_before_its_exited_leader_does_not() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let leader = script.fork(10);
            let thread = script.thread(leader);
            script.exit_as(leader, 0);
            script.exit_as(thread, 1);
            script.release(thread, thread);
            script.release(leader, 10);
            script.holds(&RULE);
        }
    }

    #[test]
    fn a_session_whose_leader_is_gone_frees_its_pid_late() {
        let mut script = Script::new();
        let leader = script.fork(10);
        script.setsid(leader);
        let member = script.fork(leader);
        script.exit(leader);
        let person = script.tasks[&leader].clone();
        script.release_only(leader, 10);
        script.tasks.remove(&leader);
        script.exit(member);
        script.release(member, 1);
        script.free_pid(&person, 1);
        script.holds(&RULE);
    }
}
