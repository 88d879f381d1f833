//! Part of rule 5: the number of a process, and the key of a task that is none of it.

use super::{cached_numbers::RULE, reading::is_read};
use crate::{
    check::{Subject, cx::Cx, settle::is_sweep, violation::Finding},
    model::{PidId, TaskId, World},
};

/// A task that nothing has told of is no thread of a process that has had but one.
#[cold]
pub(super) fn nameless(cx: &mut Cx<'_>, task: u64, tgid: i32, what: &str) {
    let world = cx.world;
    if is_sweep(&cx.event.body) || tgid <= 1 && cx.hides() {
        return; // a thread may be made, and take over the children, while the sweep reads
    }
    let alone = |&id: &TaskId| {
        let known = is_read(world, id) && world.key_of(id) != 0;
        known && world.runs(id) && world.leads(id) && !world.is_grouped(id)
    };
    let Some(id) = world.find_task(tgid).filter(alone) else { return };
    cx.test(&RULE, false, || {
        let known = format!("{:#x}", world.key_of(id));
        let read = format!("{what} {tgid} at {task:#x}");
        Finding::new(Subject::task(world, id), format!("{what} {tgid} at {known}"), read)
    });
}

/// A task that nothing has told of has the number of none that was born under the eyes of the hooks.
#[cold]
pub(super) fn stranger(cx: &mut Cx<'_>, task: u64, tid: i32, tgid: i32) {
    let world = cx.world;
    let sure =
        |&id: &TaskId| cx.was_born(id) || cx.is_certain() && !cx.hides() && is_read(world, id);
    let Some(id) = world.find_task(tid).filter(|id| sure(id) && world.runs(*id)) else {
        return;
    };
    if world.leads(id) && world.is_grouped(id) || world.key_of(id) == task {
        return; // an exec may be giving its number away
    }
    cx.test_if(cx.was_born(id), &RULE, false, || {
        let subject = Subject::task_named(task, tid, tgid);
        Finding::new(subject, "a number of its own", format!("that of {:#x}", world.key_of(id)))
    });
}

/// The pid is that of a task that runs: it is no other one at an address used again.
#[cold]
pub(super) fn is_in_use(world: &World, pid: PidId) -> bool {
    world.live_holder(pid).is_some_and(|id| world.runs(id) && is_read(world, id))
}

/// A pid that nothing has told of has no number, or one that no task that runs has.
#[cold]
pub(super) fn nameless_pid(cx: &mut Cx<'_>, pid: u64, nr: i32) {
    let world = cx.world;
    if nr == 0 {
        return; // that of the idle task
    }
    let known = world.find_task(nr).filter(|&id| world.runs(id) && is_read(world, id));
    let known = known.and_then(|id| world.pid_of(id)).map_or(0, |pid| world.key_of_pid(pid));
    let holds = pid != 0 && (known == 0 || cx.hides());
    cx.test(&RULE, holds, || {
        let subject = Subject::pid_named(pid, std::iter::once(nr));
        Finding::new(subject, format!("{nr} at {known:#x}"), format!("{nr} at {pid:#x}"))
    });
}

/// The parent of a released task is the one that the tables have, while that has not exited.
#[inline]
pub(super) fn same_parent(cx: &mut Cx<'_>, task: u64, parent: u64) {
    let world = cx.world;
    let told = |&id: &TaskId| !world.is_parent_inferred(id) && is_read(world, id);
    let id = world.at_key(task).filter(|&id| world.lives(id)).map(|id| world.leader(id));
    let known = id.filter(told).and_then(|id| world.parent(id));
    let known = known.filter(|&parent| world.runs(parent) && world.key_of(parent) != 0);
    let Some(known) = known else { return };
    cx.test(&RULE, world.key_of(known) == parent, || {
        let read = format!("parent {parent:#x}");
        Finding::new(Subject::task_named(task, 0, 0), format!("{:#x}", world.key_of(known)), read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    /// A process whose parent is shown at another key at its exit.
    fn ended(threads: bool) -> Script {
        let mut script = Script::new();
        let parent = script.fork(10);
        if threads {
            script.thread(parent);
        }
        let child = script.fork(parent);
        script.exit(child);
        let Body::Exit(facts) = &mut script.last().body else { panic!() };
        facts.real_parent += 1;
        script
    }

    #[test]
    fn an_unknown_task_as_the_parent_by_a_known_number_trips_it() {
        ended(false).trips(&RULE);
    }

    #[test]
    fn an_unknown_task_may_be_a_thread_of_a_process_with_many() {
        assert_eq!(ended(true).report().row(&RULE).unwrap().violated, 0);
    }
}
