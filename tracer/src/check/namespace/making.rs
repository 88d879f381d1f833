//! Who is about to enter the namespaces that it makes.

use super::setns_unshare::RULE;
use crate::{
    check::{Subject, cx::Cx, violation::Finding},
    coverage::{Coverage, Fact},
    event::{NsSet, PidNs},
    model::NsKind,
};

/// Tasks that are remembered; of more, nothing is expected.
const MOST: usize = 64;

/// PID namespaces that were made and that no nsproxy has yet: `copy_pid_ns` comes before the end of
/// `create_new_namespaces`, and that before the task, or its child, enters them.
#[derive(Clone, Debug, Default)]
pub(super) struct Making {
    /// The keys of the maker and of the namespace.
    open: Vec<(u64, u64)>,
    /// Both are hooked.
    sees: bool,
}

impl Making {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let sees = coverage.sees(Fact::PidNsCreate) && coverage.sees(Fact::NsCreate);
        Self { sees, open: Vec::new() }
    }

    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.open.clear();
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
    }

    /// A task enters namespaces: none that it has made for an nsproxy that was not told.
    pub(super) fn entered(&mut self, cx: &mut Cx<'_>, facts: &NsSet) {
        let own = (cx.event.header.actor, facts.for_children);
        let untold = self.open.contains(&own);
        if self.sees {
            test(cx, !untold, facts);
        }
        self.open.retain(|&(maker, _)| maker != own.0);
    }
}

fn test(cx: &mut Cx<'_>, holds: bool, facts: &NsSet) {
    cx.test(&RULE, holds, || {
        let observed = format!("flags {:#x}, in {:?}", facts.flags, facts.inums);
        let expected = "its PID namespace is made first, then its nsproxy";
        Finding::new(Subject::namespace_named(facts.for_children, 0), expected, observed)
    });
}
