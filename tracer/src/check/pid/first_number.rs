//! Rule 9: the first number of a PID namespace is 1.

use super::ground::{Ground, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
    model::World,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 9,
    id: "first-number",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The first pid of a PID namespace has number 1 in it, and no number further down; a number 1 is only ever the last one of a pid.",
    source: "alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::Fork)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "A number 1 is the last one of its pid, and a task made with CLONE_NEWPID has it.",
    }),
    exceptions: &[
        "The first fork into a namespace may fail: up to 7.0 the namespace is dead then, since 7.1 number 1 is allocated again.",
    ],
    trips: "The first pid of a namespace has number 2 in it.",
    near_miss: "The second pid of a namespace has number 2.",
};

const CLONE_NEWPID: u64 = 0x2000_0000;

/// Numbers are allocated.
#[inline]
pub(super) fn allocated(cx: &mut Cx<'_>, ground: &Ground, key: u64, vector: &[Upid]) {
    if vector.len() < 2 {
        return;
    }
    let holds = cx.world.root_ns().is_none() || {
        let world = cx.world;
        vector.iter().enumerate().skip(1).all(|(at, upid)| {
            let deepest = at + 1 == vector.len();
            (upid.nr == 1 && deepest) || (upid.nr != 1 && has_init(world, ground, upid))
        })
    };
    test(cx, key, vector, holds);
}

/// A task is made.
#[inline]
pub(super) fn born(cx: &mut Cx<'_>, key: u64, vector: &[Upid], flags: u64) {
    let new = flags & CLONE_NEWPID != 0;
    if !new && vector.len() < 2 {
        return;
    }
    let last = vector.last().is_some_and(|last| vector.len() > 1 && last.nr == 1);
    let above = vector.iter().rev().skip(1).rev().skip(1).all(|upid| upid.nr != 1);
    test(cx, key, vector, above && (last || !new));
}

fn has_init(world: &World, ground: &Ground, upid: &Upid) -> bool {
    let Some(ns) = ground.space(world, upid).map(|ns| world.ns(ns)) else { return true };
    ns.created == 0 || ns.pid.as_ref().is_none_or(|space| space.init.is_some())
}

fn test(cx: &mut Cx<'_>, key: u64, vector: &[Upid], holds: bool) {
    cx.test(&RULE, holds, || {
        let numbers: Vec<_> = vector.iter().map(|upid| upid.nr).collect();
        let expected = "number 1 for the first pid of a namespace, as its last number";
        Finding::new(named(key, vector), expected, format!("{numbers:?}"))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::Script,
        event::{Body, Vector},
    };

    fn second(vector: &mut Vector, nr: i32) {
        let mut all = vector.to_vec();
        all[1].nr = nr;
        *vector = Vector::new(&all).unwrap();
    }

    #[test]
    fn another_first_number_is_a_violation() {
        let mut script = Script::new();
        script.unshare_pid(10);
        script.fork(10);
        let at = script.events.len() - 2;
        let Body::AllocPid(facts) = &mut script.events[at].body else { panic!() };
        second(&mut facts.vector, 2);
        script.trips(&RULE);
    }

    #[test]
    fn a_child_in_a_new_namespace_has_number_1() {
        let mut script = Script::tracepoints();
        script.clone_by(10, CLONE_NEWPID);
        let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
        second(vector, 2);
        script.trips(&RULE);
        let mut script = Script::tracepoints();
        script.clone_by(10, CLONE_NEWPID);
        script.holds(&RULE);
    }

    #[test]
    fn the_second_number_is_2() {
        let mut script = Script::new();
        script.unshare_pid(10);
        let init = script.fork(10);
        script.fork(init);
        script.fork(10);
        script.holds(&RULE);
    }
}
