//! Rule 34: a PID namespace accepts pids from its creation to the death of its init.

use std::collections::HashMap;

use super::{init_death::Dying, test};
use crate::{
    check::{
        Group, Need, Rule, Scope, Severity, Subject, cx::Cx, settle::Settle, violation::Finding,
    },
    coverage::Fact,
    event::{Body, PidNs, ns_reason},
};

/// `PIDNS_ADDING` (include/linux/pid_namespace.h).
const ADDING: u32 = 1 << 31;

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 34,
    id: "adding-flag",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "a new PID namespace is empty and accepts pids, until its init dies; then it never \
                does again",
    source: "create_pid_namespace, disable_pid_allocation, zap_pid_ns_processes \
             (kernel/pid_namespace.c), free_pid (kernel/pid.c)",
    needs: &[
        Need::Fact(Fact::Snapshot),
        Need::Fact(Fact::PidNsCreate),
        Need::Fact(Fact::NsDying),
        Need::Fact(Fact::NsDestroy),
    ],
    weaker: None,
    exceptions: &[
        "up to 7.0, a namespace whose first fork failed accepts no pids any more",
        "a sweep may read the flag before the dying init has cleared it",
    ],
    trips: "a sweep finds that a namespace accepts no pids, and its init lives",
    near_miss: "a sweep finds that a namespace accepts no pids, as its init is about to die",
};

/// What the sweeps have read.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Flags {
    adding: HashMap<u64, bool>,
    settle: Settle,
}

impl Flags {
    /// Goes with every record.
    #[inline]
    pub(in crate::check) fn before(&mut self, cx: &mut Cx<'_>) {
        self.settle.before(cx);
        if !cx.plain && matches!(cx.event.body, Body::Lost(_)) {
            self.adding.clear();
        }
    }

    /// The init of a namespace dies.
    pub(in crate::check) fn dying(&mut self, ns: u64, ts: u64) {
        self.settle.changed(ns, ts);
    }

    /// A namespace is freed.
    pub(in crate::check) fn forget(&mut self, ns: u64) {
        self.adding.remove(&ns);
    }

    /// A namespace is made, or read by a sweep.
    pub(in crate::check) fn read(&mut self, cx: &mut Cx<'_>, facts: &PidNs, dying: &Dying) {
        let (named, adding) = ((facts.ns, facts.inum), facts.allocated & ADDING != 0);
        let observed = || format!("pid_allocated {:#x}, cursor {}", facts.allocated, facts.cursor);
        if facts.reason == ns_reason::CREATE {
            let empty = facts.allocated == ADDING && facts.cursor == 0 && facts.child_reaper == 0;
            test(cx, &RULE, empty, named, "empty, and accepting pids", observed);
            self.adding.insert(facts.ns, true);
            return;
        }
        if !cx.is_full(&RULE) {
            return;
        }
        let before = self.adding.insert(facts.ns, adding);
        if adding {
            let holds = before != Some(false) && !dying.is_proven(facts.ns);
            test(cx, &RULE, holds, named, "accepting no pids, as before", observed);
            return;
        }
        let empty = cx.world.ns_at(facts.ns).is_none_or(|ns| {
            let init = cx.world.ns(ns).pid.as_ref().and_then(|space| space.init);
            init.and_then(|init| cx.world.live_holder(init)).is_none()
        });
        if before != Some(true) || empty || dying.has(facts.ns) {
            return;
        }
        let ts = cx.event.header.ts;
        self.settle.differs(&RULE, (facts.ns, 0), ts, || {
            let subject = Subject::namespace_named(facts.ns, facts.inum);
            Finding::new(subject, "accepting pids, as its init lives", observed())
        });
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDING, RULE};
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    fn refusing() -> (Script, i32) {
        let mut script = Script::new();
        let init = script.clone_by(10, CLONE_NEWPID);
        let space = script.space_of(init, 1);
        script.sweep_with(&[space]);
        let mut space = space;
        space.allocated &= !ADDING;
        script.sweep_with(&[space]);
        (script, init)
    }

    #[test]
    fn a_namespace_that_refuses_pids_while_its_init_lives_trips() {
        refusing().0.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_accepts_pids_again_trips() {
        let (mut script, init) = refusing();
        let space = script.space_of(init, 1);
        script.sweep_with(&[space]);
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_that_is_not_empty_when_made_trips() {
        let mut script = Script::new();
        script.make_space(10);
        if let Body::PidNs(facts) = &mut script.last().body {
            facts.allocated += 1;
        }
        script.trips(&RULE);
    }

    #[test]
    fn a_namespace_whose_init_is_about_to_die_holds() {
        let (mut script, init) = refusing();
        let end = script.events.pop();
        script.exit(init);
        script.dying(init);
        script.append(end.unwrap());
        script.holds(&RULE);
    }
}
