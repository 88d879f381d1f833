//! Rule 15: a pid is seen in exactly the namespaces of its numbers.

use super::ground::Ground;
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::{FreePid, Upid},
    model::{NsId, PidId},
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 15,
    id: "visibility",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "The tables answer for a pid, in each namespace that it has a number in, that number, and find it by it; in any other namespace they answer 0.",
    source: "pid_nr_ns, find_pid_ns (kernel/pid.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same of each new task, but for finding it by its number.",
    }),
    exceptions: &[],
    trips: "A record frees a number that the tables find another pid by.",
    near_miss: "A pid of one namespace has number 0 in a sibling.",
};

/// What this rule remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The own namespace of the last pid that was not in the initial one.
    other: Option<NsId>,
}

impl Seen {
    /// A pid has entered the tables, or a task with it.
    #[inline]
    pub(super) fn entered(&mut self, cx: &mut Cx<'_>, pid: PidId, vector: &[Upid]) {
        let (world, full) = (cx.world, cx.is_full(&RULE));
        let mut wrong = None;
        let mut member = false;
        let root = world.root_ns();
        for (at, upid) in vector.iter().enumerate() {
            let ns = if at == 0 { root } else { world.ns_at(upid.ns) };
            let Some(ns) = ns else { continue };
            member |= self.other == Some(ns);
            let nr = world.pid_nr_ns(pid, ns);
            if nr != upid.nr || full && world.find_pid_ns(nr, ns) != Some(pid) {
                wrong = Some((ns, upid.nr, nr));
            }
            if at > 0 && at + 1 == vector.len() {
                (self.other, member) = (Some(ns), true);
            }
        }
        if let Some(other) = self.other.filter(|_| !member && wrong.is_none()) {
            let nr = world.pid_nr_ns(pid, other);
            wrong = (nr != 0).then_some((other, 0, nr));
        }
        cx.test(&RULE, wrong.is_none(), || {
            let (inum, nr, found) =
                wrong.map_or((0, 0, 0), |(ns, nr, found)| (world.ns(ns).inum, nr, found));
            Finding::new(
                Subject::pid(world, pid),
                format!("number {nr} in pid:[{inum}]"),
                format!("{found} in the tables, or another pid there"),
            )
        });
    }
}

impl Seen {
    /// The end: every pid in use has its numbers, and none in the last namespace it is not in.
    pub(super) fn finish(&self, cx: &mut Cx<'_>) {
        let world = cx.world;
        for pid in world.pids() {
            let numbers = world.numbers(pid);
            let seen = |&(ns, nr): &(Option<NsId>, i32)| {
                ns.is_none_or(|ns| world.pid_nr_ns(pid, ns) == nr)
            };
            let other =
                self.other.filter(|&other| !numbers.iter().any(|&(ns, _)| ns == Some(other)));
            let unseen = other.is_none_or(|other| world.pid_nr_ns(pid, other) == 0);
            cx.test(&RULE, numbers.iter().all(seen) && unseen, || {
                let expected = "its numbers in their namespaces, and 0 in others";
                Finding::new(Subject::pid(world, pid), expected, "another answer of the tables")
            });
        }
    }
}

/// A known pid is freed.
#[inline]
pub(super) fn freed(cx: &mut Cx<'_>, ground: &Ground, pid: PidId, facts: &FreePid) {
    let Some(root) = cx.world.root_ns() else { return };
    let holds = cx.world.find_pid_ns(facts.nr, root) == Some(pid);
    cx.test(&RULE, holds || !ground.is_sure(cx.world, pid), || {
        let nr = facts.nr;
        Finding::new(
            Subject::pid(cx.world, pid),
            format!("number {nr} finds it"),
            format!("it has number {}", cx.world.nr(pid)),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_number_that_finds_another_pid_is_a_violation() {
        let mut script = Script::new();
        let child = script.fork(10);
        script.end(child);
        let at = script.events.len() - 2;
        let Body::FreePid(facts) = &mut script.events[at].body else { panic!() };
        facts.nr = 10;
        script.trips(&RULE);
    }

    #[test]
    fn a_pid_has_no_number_in_a_sibling_namespace() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let one = script.clone_by(10, CLONE_NEWPID);
            let two = script.clone_by(10, CLONE_NEWPID);
            for by in [one, 10, two] {
                script.fork(by);
            }
            script.holds(&RULE);
        }
    }

    #[test]
    fn the_tables_answer_wrongly_for_a_vector_of_one_namespace_twice() {
        let mut script = Script::tracepoints();
        script.clone_by(10, CLONE_NEWPID);
        let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
        let mut all = vector.to_vec();
        all[1].ns = all[0].ns;
        all[1].inum = all[0].inum;
        *vector = crate::event::Vector::new(&all).unwrap();
        script.trips(&RULE);
    }
}
