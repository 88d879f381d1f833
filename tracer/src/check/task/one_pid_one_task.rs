//! Rule 18: a task has one pid, and a pid one task.

use super::{
    doubts::Doubts,
    reading::{Reading, is_read, live},
};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    model::TaskId,
};

/// `task->thread_pid` and `pid->tasks[PIDTYPE_PID]` belong together.
pub(in crate::check) static RULE: Rule = Rule {
    number: 18,
    id: "one-pid-one-task",
    group: Group::Task,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "every unreleased task has exactly one pid, which no other unreleased task has; its \
                number leads to this task",
    source: "attach_pid, exchange_tids (kernel/pid.c), __unhash_process (kernel/exit.c)",
    needs: &[Need::Fact(Fact::Release), Need::Fact(Fact::ExchangeTids)],
    weaker: Some(Weaker {
        needs: &[],
        statement: "no two tasks that have not exited have one pid or one number; a thread whose \
                    leader has exited may have taken its pid",
    }),
    exceptions: &[
        "a task is read while an exec swaps pids",
        "without a hook on release a task that has exited may be gone",
    ],
    trips: "the record of a task names the pid of another",
    near_miss: "an exec by a thread, which has its leader's pid from then on",
};

/// Whether the tables may have fallen behind about a task's pid.
fn is_old(cx: &Cx<'_>, id: TaskId) -> bool {
    !cx.is_full(&RULE) && !cx.world.runs(id)
}

fn finding(subject: Subject, known: u64, read: u64) -> Finding {
    Finding::new(subject, format!("pid {known:#x}"), format!("pid {read:#x}"))
}

/// A record names a task and its pid.
#[inline]
pub(in crate::check) fn named(cx: &mut Cx<'_>, task: u64, pid: u64) {
    let world = cx.world;
    let Some(id) = live(world, task).filter(|&id| is_read(world, id)) else { return };
    let known = world.pid_of(id).map_or(0, |pid| world.key_of_pid(pid));
    let leader = world.leader(id);
    let swapped = leader != id && is_old(cx, leader);
    let holds = known == pid || known == 0 || swapped;
    let told = !holds && (leader == id || cx.is_full(&RULE)) && cx.was_born(id);
    cx.test_if(told, &RULE, holds, || finding(Subject::task(world, id), known, pid));
}

/// A task is read.
#[inline]
pub(in crate::check) fn reading(cx: &mut Cx<'_>, doubts: &mut Doubts, reading: &Reading<'_>) {
    let (world, facts) = (cx.world, reading.facts);
    let holder = world.pid_at(facts.pid).and_then(|pid| world.live_holder(pid));
    let holder = holder.filter(|&other| Some(other) != reading.known && !is_old(cx, other));
    let foreign = holder.is_some_and(|other| other_key(cx, other, facts.task));
    doubts.test(
        cx,
        &RULE,
        !foreign,
        || reading.swap(world),
        || {
            let who = holder.map_or(0, |other| world.tid(other));
            let subject = reading.subject(world);
            Finding::new(subject, "a pid of its own", format!("the pid of {who}"))
        },
    );
    let namesake = world.find_task(facts.tid).filter(|&other| {
        Some(other) != reading.known && !is_old(cx, other) && other_key(cx, other, facts.task)
    });
    doubts.test(
        cx,
        &RULE,
        namesake.is_none(),
        || reading.swap(world),
        || {
            let subject = reading.subject(world);
            let read = format!("{} is another, unreleased task", facts.tid);
            Finding::new(subject, "a number of its own", read)
        },
    );
    let Some(id) = reading.read_before(world) else { return };
    let known = world.pid_of(id).map_or(0, |pid| world.key_of_pid(pid));
    doubts.test(
        cx,
        &RULE,
        known == 0 || known == facts.pid,
        || reading.swap(world),
        || finding(Subject::task(world, id), known, facts.pid),
    );
}

/// The tables have the task under another key.
fn other_key(cx: &Cx<'_>, other: TaskId, key: u64) -> bool {
    let known = cx.world.key_of(other);
    known != 0 && known != key
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{check::tests::script::Script, event::Body};

    #[test]
    fn the_pid_of_another_trips_it() {
        for script in [Script::new(), Script::tracepoints()] {
            let mut base = script;
            let child = base.fork(10);
            let mut renamed = base.clone();
            renamed.rename(child, *b"name");
            let other = base.tasks[&10].facts.pid;
            let Body::Rename(facts) = &mut renamed.last().body else { panic!() };
            facts.pid = other;
            renamed.trips(&RULE);
            base.facts(child).task += 1;
            base.sweep();
            base.trips(&RULE);
        }
    }

    #[test]
    fn an_exec_by_a_thread_takes_its_leaders_pid() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let child = script.fork(10);
            let thread = script.thread(child);
            script.exec_by_thread(thread);
            script.sweep();
            script.holds(&RULE);
        }
    }
}
