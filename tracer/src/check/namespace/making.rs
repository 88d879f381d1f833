//! Who is about to enter the namespaces that it makes.

use super::setns_unshare::{PLAIN, RULE, of};
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    coverage::{Coverage, Fact},
    event::{Cred, NsSet, PidNs, TaskFacts, Vector},
    model::NsKind,
};

/// Tasks that are remembered; of more, nothing is expected.
const MOST: usize = 64;

/// The kinds for which `copy_namespaces` makes an nsproxy: the user namespace is no part of one, and
/// that of time needs no flag.
const MAKES: u64 = 0x7e02_0000 & !0x1000_0000;

/// `CLONE_NEWUSER`.
const USER: u64 = 0x1000_0000;

/// PID namespaces that were made and that no nsproxy has yet: `copy_pid_ns` comes before the end of
/// `create_new_namespaces`, and that before the task, or its child, enters them.
#[derive(Clone, Debug, Default)]
pub(super) struct Making {
    /// The keys of the maker and of the namespace.
    open: Vec<(u64, u64)>,
    /// What tasks have made last, for themselves or a child, and whether they have entered it.
    sets: Vec<(NsSet, bool)>,
    /// Both are hooked.
    sees: bool,
}

impl Making {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let sees = coverage.sees(Fact::PidNsCreate) && coverage.sees(Fact::NsCreate);
        Self { sees, ..Self::default() }
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.open.clear();
        self.sets.clear();
    }

    /// A PID namespace is made.
    pub(super) fn made(&mut self, maker: u64, facts: &PidNs) {
        self.open.retain(|&(other, ns)| other != maker && ns != facts.ns);
        if self.open.len() < MOST {
            self.open.push((maker, facts.ns));
        }
    }

    /// An nsproxy is made: with a new PID namespace if and only if its maker has just made one.
    pub(super) fn created(&mut self, cx: &mut Cx<'_>, facts: &NsSet) {
        let maker = cx.event.header.actor;
        let made = self.open.iter().position(|&(other, _)| other == maker);
        let made = made.map(|at| self.open.swap_remove(at).1);
        let due = facts.flags & NsKind::Pid.clone_flag() != 0;
        let full = self.open.len() + 1 >= MOST;
        if self.sees && !full {
            // one that was made for an nsproxy that failed is given up
            test(cx, !due || made == Some(facts.for_children), facts);
        }
        if self.sees {
            self.take(maker);
            if self.sets.len() >= MOST {
                self.sets.remove(0);
            }
            self.sets.push((*facts, false));
        }
    }

    /// What a task has made last, which it, or its child, has now.
    fn take(&mut self, maker: u64) -> Option<(NsSet, bool)> {
        let at = self.sets.iter().position(|(set, _)| set.header.actor == maker)?;
        Some(self.sets.swap_remove(at))
    }

    /// A task is born: in the namespaces that its maker has made for it.
    #[inline]
    pub(super) fn born(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, flags: u64) {
        if !self.sets.is_empty() {
            self.child(cx, task, flags);
        }
    }

    #[cold]
    fn child(&mut self, cx: &mut Cx<'_>, task: &TaskFacts, flags: u64) {
        let maker = cx.event.header.actor;
        let made = self.take(maker).map(|(set, _)| set);
        let made = made.filter(|set| set.flags & MAKES == flags & MAKES);
        if flags & MAKES == 0 {
            return; // what unshare(2) has made and given up
        }
        let Some(made) = made else { return };
        let kinds = NsKind::ALL.into_iter().zip(task.ns.iter().zip(&made.inums));
        let differs = |(kind, (&own, &made)): (NsKind, (&u32, &u32))| match kind {
            NsKind::Time => false,
            NsKind::User => flags & USER != 0 && own != made,
            _ => own != made,
        };
        cx.test(&RULE, !kinds.into_iter().any(differs), || {
            let subject = Subject::task_named(task.task, task.tid, task.tgid);
            let observed = format!("{:?}", task.ns);
            Finding::new(subject, format!("{:?}, as they were made", made.inums), observed)
        });
    }

    /// What was made for a child that is not born is given up.
    pub(super) fn failed(&mut self, maker: u64) {
        self.take(maker);
    }

    /// A task gets credentials: of unshare(2) those come last.
    pub(super) fn cred(&mut self, cx: &mut Cx<'_>, facts: &Cred) {
        let Some((made, true)) = self.take(facts.task) else { return };
        if made.flags & USER == 0 {
            return;
        }
        let [inum, ..] = made.inums;
        let [id, ..] = made.ids;
        let same = inum == facts.user_ns && (id == facts.user_ns_id || id == 0);
        cx.test(&RULE, same || inum == 0, || {
            let observed = format!("{} with id {}", facts.user_ns, facts.user_ns_id);
            Finding::new(Subject::record(), format!("user namespace {inum}, id {id}"), observed)
        });
    }

    /// A pid is allocated: the maker of a PID namespace puts nobody there before its nsproxy is made.
    #[inline]
    pub(super) fn allocated(&self, cx: &mut Cx<'_>, vector: &Vector) {
        let Some(own) = vector.last().filter(|_| self.sees && !self.open.is_empty()) else {
            return;
        };
        let untold = self.open.contains(&(cx.event.header.actor, own.ns));
        cx.test(&RULE, !untold, || {
            let expected = "the nsproxy of a PID namespace is made before it has members";
            let observed = format!("number {} is allocated there", own.nr);
            Finding::new(Subject::namespace_named(own.ns, own.inum), expected, observed)
        });
    }

    /// A task enters namespaces: none that it has made for an nsproxy that was not told.
    pub(super) fn entered(&mut self, cx: &mut Cx<'_>, facts: &NsSet) {
        let own = (cx.event.header.actor, facts.for_children);
        let untold = self.open.contains(&own);
        if self.sees {
            test(cx, !untold, facts);
        }
        self.open.retain(|&(maker, _)| maker != own.0);
        if let Some((set, entered)) =
            self.sets.iter_mut().find(|(set, _)| set.header.actor == own.0)
        {
            let same = |kind| of(&set.inums, kind) == of(&facts.inums, kind);
            *entered = PLAIN.into_iter().all(same) && set.for_children == facts.for_children;
        }
    }
}

fn test(cx: &mut Cx<'_>, holds: bool, facts: &NsSet) {
    cx.test(&RULE, holds, || {
        let observed = format!("flags {:#x}, in {:?}", facts.flags, facts.inums);
        let expected = "its PID namespace is made first, then its nsproxy";
        Finding::new(Subject::namespace_named(facts.for_children, 0), expected, observed)
    });
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::tests::script::{CLONE_NEWPID, Script},
        event::Body,
    };

    /// unshare(2) of the PID namespace by 10, and a child there; without the nsproxy that was made.
    fn history(told: bool, entered: bool) -> Script {
        let mut script = Script::new();
        script.unshare_pid(10);
        let made = script.events.len() - 2;
        script.fork(10);
        let hide = |script: &mut Script, at: usize| script.hide(script.events.len() - 1 - at);
        if !entered {
            hide(&mut script, made + 1);
        }
        if !told {
            hide(&mut script, made);
        }
        script
    }

    #[test]
    fn an_nsproxy_whose_making_was_not_told_trips() {
        history(false, true).trips(&RULE);
    }

    #[test]
    fn members_of_a_namespace_without_an_nsproxy_trip() {
        history(false, false).trips(&RULE);
    }

    #[test]
    fn an_nsproxy_without_its_pid_namespace_trips() {
        let mut script = history(true, true);
        let makes = |body: &Body| matches!(body, Body::PidNs(facts) if facts.reason == 2);
        let at = script.events.iter().rposition(|event| makes(&event.body)).unwrap();
        script.hide(script.events.len() - 1 - at);
        script.trips(&RULE);
    }

    #[test]
    fn namespaces_that_are_made_entered_and_given_up_are_legal() {
        history(true, true).holds(&RULE);
        let mut script = Script::new();
        script.make_space(10); // the nsproxy fails, and so does the clone
        script.fork(10);
        script.is_legal();
        assert_ne!(CLONE_NEWPID, 0);
    }
}
