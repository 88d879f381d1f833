//! Rule 45: with `CLONE_NEWPID` a child is the init of a namespace just made; without, it is born
//! where its maker's children are.

use super::birth::{Birth, clone};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    model::{TaskId, World},
};

/// `copy_pid_ns`.
pub(in crate::check) static RULE: Rule = Rule {
    number: 45,
    id: "newpid-flag",
    group: Group::Order,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "with CLONE_NEWPID a child has number 1 in a namespace never seen before, one level \
                below its maker's; without it, it is born in its maker's namespace for children",
    source: "copy_pid_ns (kernel/pid_namespace.c), copy_process (kernel/fork.c)",
    needs: &[Need::Fact(Fact::AllocPid), Need::Fact(Fact::PidNsCreate)],
    weaker: Some(Weaker {
        needs: &[],
        statement: "the same, but that the new namespace may be one at an address used again",
    }),
    exceptions: &["the maker is read by a sweep while it calls unshare or setns"],
    trips: "a child without CLONE_NEWPID is one level deeper than its maker",
    near_miss: "a child of a task that has called unshare is",
};

/// A birth.
#[inline]
pub(in crate::check) fn fork(cx: &mut Cx<'_>, birth: &Birth<'_>) {
    let world = cx.world;
    let Some(caller) = birth.caller else { return };
    let Some(pid) = world.pid_of(caller) else { return };
    let numbers = world.numbers(pid);
    let above = |(&(ns, _), upid): (&(Option<_>, i32), &crate::event::Upid)| {
        let key = ns.map_or(0, |ns| world.key_of_ns(ns));
        key == 0 || key == upid.ns
    };
    let below = numbers.iter().zip(birth.vector).all(above);
    let deeper = birth.vector.len().wrapping_sub(numbers.len());
    let own = birth.vector.last().copied().unwrap_or_default();
    let holds = if birth.has(clone::NEWPID) {
        deeper == 1 && own.nr == 1 && is_new(cx, birth, own.ns)
    } else {
        let children = world.for_children(caller);
        let key = children.map_or(0, |ns| world.key_of_ns(ns));
        let level = children.map_or(0, |ns| world.ns(ns).level() as usize);
        key == 0 || key == own.ns && level + 1 == birth.vector.len()
    };
    cx.test(&RULE, below && holds || world.is_sweeping(), || finding(world, birth, caller));
}

/// Nobody has been in the namespace.
fn is_new(cx: &Cx<'_>, birth: &Birth<'_>, key: u64) -> bool {
    let world = cx.world;
    let Some(ns) = world.ns_at(key).filter(|_| cx.is_full(&RULE)) else { return true };
    let init = world.ns(ns).pid.as_ref().and_then(|pid| pid.init);
    init.is_none() || init == world.pid_at(birth.facts.pid)
}

#[cold]
fn finding(world: &World, birth: &Birth<'_>, caller: TaskId) -> Finding {
    let children = world.for_children(caller).map_or(0, |ns| world.ns(ns).inum);
    let known = if birth.has(clone::NEWPID) {
        "number 1 in a new namespace below its maker's".to_owned()
    } else {
        format!("its maker's namespace for children, {children}")
    };
    let own = birth.vector.last().copied().unwrap_or_default();
    let level = birth.vector.len().wrapping_sub(1);
    Finding::new(birth.subject(), known, format!("{} in {} at level {level}", own.nr, own.inum))
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    #[test]
    fn a_deeper_child_without_the_flag_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.clone_by(10, CLONE_NEWPID);
            let Body::Fork { flags, .. } = &mut script.last().body else { panic!() };
            *flags = 0;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_child_with_the_flag_in_its_makers_namespace_trips_it() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.fork(10);
            let Body::Fork { flags, .. } = &mut script.last().body else { panic!() };
            *flags = CLONE_NEWPID;
            script.trips(&RULE);
        }
    }

    #[test]
    fn a_member_is_born_where_its_maker_is() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let init = script.clone_by(10, CLONE_NEWPID);
            script.fork(init);
            script.clone_by(init, CLONE_NEWPID);
            script.holds(&RULE);
        }
    }
}
