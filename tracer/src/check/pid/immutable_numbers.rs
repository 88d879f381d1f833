//! Rule 16: the numbers of a pid never change.

use super::ground::{Ground, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{FreePid, Upid},
    model::{PidId, World},
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 16,
    id: "immutable-numbers",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "Whatever names a pid that is in use names it with the numbers and the level that it was allocated with.",
    source: "struct pid: no function writes numbers or level after alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid), Need::Fact(Fact::Fork)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::Exit)],
        statement: "The same while the pid's task runs: later it may have been freed and its memory used again unseen.",
    }),
    exceptions: &[
        "A name record by another thread reads pid and number one after the other, and an exec may come between.",
    ],
    trips: "A sweep shows a task with its pid and another second number.",
    near_miss: "A pid is allocated at the address of one that was freed, with another number.",
};

/// The numbers of a pid.
#[inline]
pub(super) fn vector(cx: &mut Cx<'_>, ground: &Ground, key: u64, vector: &[Upid]) {
    let Some(pid) = cx.world.pid_at(key) else { return };
    let holds = is_same(cx.world, pid, vector) || !ground.is_sure(cx.world, pid);
    cx.test(&RULE, holds, || {
        let numbers: Vec<_> = cx.world.pid(pid).nrs().collect();
        let expected = format!("numbers {numbers:?}, as before, in the same namespaces");
        let numbers: Vec<_> = vector.iter().map(|upid| upid.nr).collect();
        Finding::new(named(key, vector), expected, format!("{numbers:?}"))
    });
}

#[inline]
fn is_same(world: &World, pid: PidId, vector: &[Upid]) -> bool {
    let numbers = world.numbers(pid);
    let same = |(&(ns, nr), upid): (&(Option<_>, i32), &Upid)| {
        nr == upid.nr && ns.is_none_or(|ns| world.key_of_ns(ns) == upid.ns)
    };
    let partial = numbers.len() == 1 && world.allocated_at(pid) == 0;
    (numbers.len() == vector.len() || partial) && numbers.iter().zip(vector).all(same)
}

/// A record names a pid by its key and its level-0 number.
#[inline]
pub(super) fn number(cx: &mut Cx<'_>, ground: &Ground, key: u64, nr: i32) {
    let Some(pid) = cx.world.pid_at(key) else { return };
    let known = cx.world.nr(pid);
    cx.test(&RULE, known == nr || !ground.is_sure(cx.world, pid), || {
        let subject = Subject::pid(cx.world, pid);
        Finding::new(subject, format!("level-0 number {known}, as before"), nr.to_string())
    });
}

/// A known pid is freed.
#[inline]
pub(super) fn freed(cx: &mut Cx<'_>, ground: &Ground, pid: PidId, facts: &FreePid) {
    let world = cx.world;
    let (nr, levels) = (world.nr(pid), world.numbers(pid).len());
    let same = nr == facts.nr && levels == facts.level as usize + 1;
    cx.test(&RULE, same || !ground.is_sure(world, pid), || {
        Finding::new(
            Subject::pid(world, pid),
            format!("number {nr} and level {}, as before", levels.saturating_sub(1)),
            format!("number {} and level {}", facts.nr, facts.level),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::{Body, Vector},
    };

    #[test]
    fn another_number_in_a_sweep_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.clone_by(10, CLONE_NEWPID);
            script.sweep();
            let at = script.events.len() - 2;
            let Body::Snapshot { vector, .. } = &mut script.events[at].body else { panic!() };
            let mut all = vector.to_vec();
            all[1].nr = 5;
            *vector = Vector::new(&all).unwrap();
            script.trips(&RULE);
        }
    }

    #[test]
    fn another_level_at_the_free_is_a_violation() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        let at = script.events.len() - 2;
        let Body::FreePid(facts) = &mut script.events[at].body else { panic!() };
        facts.level = 1;
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_at_the_address_of_a_freed_one_has_other_numbers() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let first = script.fork(10);
            let key = script.tasks[&first].facts.pid;
            script.end(first);
            script.fork(10);
            for event in script.events.iter_mut().rev().take(2) {
                match &mut event.body {
                    Body::AllocPid(facts) => facts.pid.0 = key,
                    Body::Fork { task, .. } => task.pid = key,
                    _ => (),
                }
            }
            script.holds(&RULE);
        }
    }
}
