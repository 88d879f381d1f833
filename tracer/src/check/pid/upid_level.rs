//! Rule 2: the namespace of the number at level i is at level i.

use super::ground::{Ground, named};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, subject::Subject, violation::Finding,
    },
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 2,
    id: "upid-level",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The number of a pid at level i is one of a PID namespace at level i; the level and the inode number of a namespace never change.",
    source: "alloc_pid (kernel/pid.c)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::NsDestroy)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same, of the initial namespace and of namespaces whose init runs: the end of others is not seen, and their memory may be used again.",
    }),
    exceptions: &[],
    trips: "A pid has its second number in a namespace that is known to be at level 0.",
    near_miss: "A namespace is made at the address of one that was freed, at another level.",
};

/// The numbers of a pid.
#[inline]
pub(super) fn vector(cx: &mut Cx<'_>, ground: &Ground, key: u64, vector: &[Upid]) {
    let root = cx.world.root_ns().map_or(0, |root| cx.world.key_of_ns(root));
    let known = |(at, upid): (usize, &Upid)| {
        if upid.ns == root {
            return at == 0;
        }
        let Some(ns) = ground.space(cx.world, upid) else { return true };
        let ns = cx.world.ns(ns);
        ns.level() as usize == at && (ns.inum == upid.inum || ns.inum == 0)
    };
    let holds = vector.iter().enumerate().all(known);
    cx.test_told(&RULE, holds, || {
        let levels = vector.iter().map(|upid| {
            let level = cx.world.ns_at(upid.ns).map(|ns| cx.world.ns(ns).level());
            level.map_or_else(|| "?".to_owned(), |level| level.to_string())
        });
        let levels = levels.collect::<Vec<_>>().join(", ");
        let expected = "the numbers in namespaces of the levels 0, 1, 2 …, which keep their inode";
        Finding::new(named(key, vector), expected, format!("namespaces of the levels {levels}"))
    });
}

/// What a record says of a namespace that is known.
#[inline]
pub(super) fn namespace(cx: &mut Cx<'_>, ground: &Ground, upid: Upid, level: u32) {
    let Some(ns) = ground.space(cx.world, &upid) else { return };
    let ns = cx.world.ns(ns);
    let holds = ns.level() == level && (ns.inum == upid.inum || ns.inum == 0);
    let (known, inum) = (ns.level(), ns.inum);
    cx.test(&RULE, holds, || {
        Finding::new(
            Subject::namespace_named(upid.ns, inum),
            format!("pid:[{inum}] at level {known}, as before"),
            format!("pid:[{}] at level {level}", upid.inum),
        )
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, ROOT_INUM, Script},
        event::{Body, Vector},
    };

    /// The last fork's second number is one of another namespace.
    fn misplace(script: &mut Script, other: Upid) {
        let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
        let mut all = vector.to_vec();
        (all[1].ns, all[1].inum) = (other.ns, other.inum);
        *vector = Vector::new(&all).unwrap();
    }

    #[test]
    fn a_namespace_of_another_level_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let root = script.tasks[&10].vector[0];
            script.clone_by(10, CLONE_NEWPID);
            misplace(&mut script, root);
            script.trips(&RULE);
            let mut script = Script::new();
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            let other = Upid { inum: ROOT_INUM + 7, ..script.tasks[&init].vector[1] };
            misplace(&mut script, other);
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_namespace_that_ended_unseen_may_have_been_at_another_level() {
        let mut script = Script::tracepoints();
        let init = script.clone_by(10, CLONE_NEWPID);
        let old = script.tasks[&init].vector[1];
        script.end(init);
        let young = script.clone_by(10, CLONE_NEWPID);
        let inner = script.clone_by(young, CLONE_NEWPID);
        let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
        let mut all = vector.to_vec();
        all[2].ns = old.ns;
        *vector = Vector::new(&all).unwrap();
        let facts = script.facts(inner);
        facts.for_children = old.ns;
        let person = *script.facts(inner);
        let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
        task.for_children = person.for_children;
        script.holds(&RULE);
    }
}
