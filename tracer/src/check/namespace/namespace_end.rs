//! Rule 61: a PID namespace is freed when nothing uses it.

use std::collections::VecDeque;

use super::test;
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity,
        cx::Cx,
        settle::{Settle, WINDOW},
    },
    coverage::Fact,
    event::{NsEnd, Vector},
    model::{NsId, NsKind},
};

/// Freed namespaces that are remembered.
const KEPT: usize = 256;

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 61,
    id: "namespace-end",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a PID namespace is freed once, when no pid has a number in it and no task will put \
                its children there; the initial one never; nothing names it afterwards",
    source: "put_pid_ns, destroy_pid_namespace, delayed_free_pidns (kernel/pid_namespace.c)",
    needs: &[
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::NsEnter),
        Need::Fact(Fact::PidNsCreate),
        Need::Fact(Fact::NsDestroy),
    ],
    weaker: None,
    exceptions: &[
        "what user space holds (a file descriptor, a mount) keeps a namespace for any time",
        "a namespace that existed before the trace and that no task is in may end unknown",
    ],
    trips: "a namespace is freed while its init lives",
    near_miss: "a namespace that was made by unshare is freed, and no task was ever in it",
};

/// The keys of namespaces that were freed lately.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Freed {
    keys: VecDeque<u64>,
}

impl Freed {
    /// Records are missing: another may have been made at the address of any of them.
    pub(in crate::check) fn lose(&mut self) {
        self.keys.clear();
    }

    /// A namespace is made at an address.
    pub(in crate::check) fn forget(&mut self, ns: u64) {
        self.keys.retain(|&key| key != ns);
    }

    /// `delayed_free_pidns` is entered.
    pub(in crate::check) fn destroy(&mut self, cx: &mut Cx<'_>, facts: &NsEnd, settle: &Settle) {
        if cx.world.certain_since().is_none() {
            self.keys.clear();
            return;
        }
        let (world, named) = (cx.world, (facts.ns, facts.inum));
        let again = self.keys.contains(&facts.ns);
        test(cx, &RULE, !again, named, "its first end", || "a second one".to_owned());
        let ns = world.ns_at(facts.ns);
        let initial = facts.level == 0 || ns.is_some() && ns == world.root_ns();
        test(cx, &RULE, !initial, named, "not the initial one", || "freed".to_owned());
        // its inode number is given out again while its memory waits to be freed
        let other = world.find_ns(NsKind::Pid, facts.inum).filter(|_| ns.is_none());
        let lives = |&ns: &NsId| world.ns(ns).pid.as_ref().is_some_and(|it| it.members > 0);
        let old = other.filter(lives).is_some_and(|other| {
            let made = world.ns(other).created;
            made.saturating_add(WINDOW) < cx.event.header.ts
        });
        test(cx, &RULE, facts.ns != 0 && !old, named, "one that is not in use", || {
            "the inode number of another".to_owned()
        });
        if let Some(space) = ns.and_then(|ns| world.ns(ns).pid.as_ref()) {
            let awaited = if settle.doubts_any() { 0 } else { space.awaited_by };
            let holds = space.members == 0 && awaited == 0;
            test(cx, &RULE, holds, named, "no pid in it, and no task that will fork there", || {
                format!("{} pids, {awaited} tasks", space.members)
            });
        }
        self.keys.push_back(facts.ns);
        if self.keys.len() > KEPT {
            self.keys.pop_front();
        }
    }

    /// A record names the namespaces of a pid.
    #[inline]
    pub(in crate::check) fn named(&self, cx: &mut Cx<'_>, vector: &Vector) {
        if self.keys.is_empty() || !cx.is_certain() {
            return;
        }
        for upid in vector.iter().skip(1) {
            let gone = self.keys.contains(&upid.ns);
            test(cx, &RULE, !gone, (upid.ns, upid.inum), "a namespace that exists", || {
                "it was freed".to_owned()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::tests::script::{CLONE_NEWPID, Script};

    #[test]
    fn a_namespace_that_is_freed_while_its_init_lives_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.destroy(init);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_is_freed_twice_trips() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.exit(init);
        script.dying(init);
        let gone = script.tasks[&init].clone();
        script.release(init, 10);
        script.destroy_of(&gone);
        script.destroy_of(&gone);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_was_made_unseen_at_the_address_of_another_holds() {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        script.exit(init);
        script.dying(init);
        let gone = script.tasks[&init].clone();
        script.release(init, 10);
        script.destroy_of(&gone);
        script.lose(3, u64::MAX);
        script.sweep();
        script.destroy_of(&gone);
        let found = script.report().violations;
        assert!(found.iter().all(|found| found.rule.number != RULE.number));
    }

    #[test]
    fn a_namespace_that_is_freed_after_its_init_holds() {
        let mut script = Script::new();
        script.make_space(10);
        let init = script.clone_by(10, CLONE_NEWPID);
        script.exit(init);
        script.dying(init);
        let gone = script.tasks[&init].clone();
        script.release(init, 10);
        script.destroy_of(&gone);
        script.make_space(10);
        script.holds(&RULE);
    }
}
