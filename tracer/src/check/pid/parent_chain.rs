//! Rule 3: the namespaces of a pid's numbers are each the parent of the next.

use super::ground::{Ground, named};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    event::Upid,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 3,
    id: "parent-chain",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "The namespaces of a pid's numbers are different ones, each the parent of the next, and the first is the initial one, with inode number 4026531836.",
    source: "alloc_pid (kernel/pid.c), create_pid_namespace (kernel/pid_namespace.c), PROC_PID_INIT_INO (include/linux/proc_ns.h)",
    needs: &[Need::Fact(Fact::Fork), Need::Fact(Fact::NsDestroy)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Fork)],
        statement: "The same, of the initial namespace and of namespaces whose init runs.",
    }),
    exceptions: &[],
    trips: "The first number of a pid is not in the initial namespace.",
    near_miss: "Two namespaces of one level have pids whose chains differ only in the last link.",
};

/// Inode number of the initial PID namespace, the same everywhere.
const INIT_INUM: u32 = 0xefff_fffc;

/// The numbers of a pid.
#[inline]
pub(super) fn vector(cx: &mut Cx<'_>, ground: &Ground, key: u64, vector: &[Upid]) {
    let Some(first) = vector.first() else { return };
    let root = cx.world.root_ns().map_or(first.ns, |root| cx.world.key_of_ns(root));
    let holds = first.ns == root && first.inum == INIT_INUM && first.ns != 0;
    let holds = holds && (vector.len() == 1 || is_chain(cx, ground, vector));
    cx.test_told(&RULE, holds, || {
        let inums = vector.iter().map(|upid| format!("pid:[{}]", upid.inum)).collect::<Vec<_>>();
        let expected = "namespaces from the initial one down, each the parent of the next";
        Finding::new(named(key, vector), expected, inums.join(", "))
    });
}

fn is_chain(cx: &Cx<'_>, ground: &Ground, vector: &[Upid]) -> bool {
    let mut above = vector;
    while let Some((last, rest)) = above.split_last() {
        if rest.iter().any(|upid| upid.ns == last.ns || upid.inum == last.inum) {
            return false;
        }
        let ns = ground.space(cx.world, last).map(|ns| cx.world.ns(ns));
        let parent = ns.and_then(|ns| ns.pid.as_ref()).and_then(|space| space.parent);
        let parent = parent.map_or(0, |parent| cx.world.key_of_ns(parent));
        if parent != 0 && rest.last().is_none_or(|upid| upid.ns != parent) {
            return false;
        }
        above = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::{Body, Vector},
    };

    #[test]
    fn another_first_namespace_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
            let upid = Upid { inum: 7, ..vector[0] };
            *vector = Vector::new(&[upid]).unwrap();
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_parent_that_is_another_namespace_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let other = script.clone_by(10, CLONE_NEWPID);
            let wrong = script.tasks[&other].vector[1];
            let outer = script.clone_by(10, CLONE_NEWPID);
            let inner = script.clone_by(outer, CLONE_NEWPID);
            script.fork(inner);
            let Body::Fork { vector, .. } = &mut script.last().body else { panic!() };
            let mut all = vector.to_vec();
            (all[1].ns, all[1].inum) = (wrong.ns, wrong.inum);
            *vector = Vector::new(&all).unwrap();
            script.trips(&RULE);
        }
    }

    #[test]
    fn siblings_have_one_parent() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let outer = script.clone_by(10, CLONE_NEWPID);
            for _ in 0..2 {
                let inner = script.clone_by(outer, CLONE_NEWPID);
                script.fork(inner);
            }
            script.holds(&RULE);
        }
    }
}
