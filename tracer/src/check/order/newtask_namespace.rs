//! Rule 44: a task is born in the PID namespace that its nsproxy has for children.

use super::birth::Birth;
use crate::check::{Group, Rule, Scope, Severity, cx::Cx, violation::Finding};

/// `alloc_pid(p->nsproxy->pid_ns_for_children, …)`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 44,
    id: "newtask-namespace",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "at its birth a task's own PID namespace is its nsproxy's for children",
    source: "copy_process (kernel/fork.c)",
    needs: &[],
    weaker: None,
    exceptions: &[],
    trips: "a task's children would be born elsewhere from its birth on",
    near_miss: "a child of a task that has called unshare",
};

/// A birth.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, birth: &Birth<'_>) {
    let facts = birth.facts;
    let own = birth.vector.last().copied().unwrap_or_default();
    let same = facts.for_children == own.ns && facts.for_children_inum == own.inum;
    cx.test_alone(&RULE, same && facts.level as usize + 1 == birth.vector.len(), || {
        let read = format!("{} at level {}", facts.for_children_inum, facts.level);
        Finding::new(birth.subject(), format!("for children: its own {}", own.inum), read)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn another_namespace_for_children_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { task, .. } = &mut script.last().body else { panic!() };
            task.for_children_inum += 1;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_child_in_a_new_namespace_has_it_for_children() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.holds(&RULE);
        }
    }
}
