//! Rule 17: the inode number of a pid is its own.

use super::{ground::Ground, immutable_numbers};
use crate::{
    check::{Group, Need, Rule, Scope, Severity, Subject, Weaker, cx::Cx, violation::Finding},
    coverage::Fact,
    model::PidId,
};

/// The rule.
pub(in crate::check) static RULE: Rule = Rule {
    number: 17,
    id: "ino-order",
    group: Group::Pid,
    severity: Severity::Strict,
    scope: Scope::Event,
    statement: "A pid has an inode number that no other one ever had, and keeps it; where the stream has shown long enough that they ascend, they go on to.",
    source: "alloc_pid (kernel/pid.c), pidfs_add_pid (fs/pidfs.c)",
    needs: &[
        Need::PidIno,
        Need::Fact(Fact::AllocPid),
        Need::Fact(Fact::FreePid),
        Need::Fact(Fact::Fork),
    ],
    weaker: Some(Weaker {
        needs: &[Need::PidIno, Need::Fact(Fact::Fork)],
        statement: "The same of new tasks, and of the pids of running ones.",
    }),
    exceptions: &[
        "Forks overtake each other; since 7.0 the inode number is given only once the pid is published.",
        "How a kernel gives them out cannot be told by its version: an order is judged only once it was seen over 256 changes of CPU.",
    ],
    trips: "Two pids have one inode number.",
    near_miss: "Two forks overtake each other: the lower inode number comes second.",
};

/// How many inode numbers are remembered.
const SEEN: usize = 4096;
/// By how much forks may overtake each other.
const OVERTAKEN: u64 = 256;
/// How many changes of CPU show that inode numbers ascend across CPUs.
const SHOWN: u32 = 256;

/// What this rule remembers.
#[derive(Clone, Debug)]
pub(super) struct Inos {
    seen: Box<[u64]>,
    greatest: u64,
    cpu: u16,
    /// Changes of CPU that were in order; `None` once they were not.
    ordered: Option<u32>,
}

impl Default for Inos {
    fn default() -> Self {
        Self { seen: vec![0; SEEN].into_boxed_slice(), greatest: 0, cpu: 0, ordered: Some(0) }
    }
}

impl Inos {
    /// Records are missing.
    pub(super) fn forget(&mut self) {
        self.seen.fill(0);
    }

    /// A pid is allocated, or a task is made with it, where that is all that shows.
    #[inline]
    pub(super) fn allocated(&mut self, cx: &mut Cx<'_>, ino: u64, subject: impl Fn() -> Subject) {
        let cpu = cx.event.header.cpu;
        let Some(slot) = self.seen.get_mut(ino as usize % SEEN) else { return };
        let fresh = ino != 0 && *slot != ino;
        *slot = ino;
        cx.test_alone(&RULE, ino != 0, || Finding::new(subject(), "an inode number", "none"));
        cx.test(&RULE, fresh, || {
            Finding::new(subject(), "an inode number of its own", ino.to_string())
        });
        if ino > self.greatest {
            if cpu != self.cpu
                && let Some(changes) = &mut self.ordered
            {
                *changes = changes.saturating_add(1);
            }
            (self.greatest, self.cpu) = (ino, cpu);
        } else if self.greatest - ino > OVERTAKEN {
            self.behind(cx, ino, subject);
        }
    }

    #[cold]
    fn behind(&mut self, cx: &mut Cx<'_>, ino: u64, subject: impl Fn() -> Subject) {
        let greatest = self.greatest;
        if self.ordered.is_some_and(|changes| changes >= SHOWN) {
            cx.test(&RULE, false, || {
                let expected = format!("an inode number above {greatest}, or a little below");
                Finding::new(subject(), expected, ino.to_string())
            });
        } else {
            self.ordered = None;
        }
    }
}

/// A record names a pid, of a kernel whose pids have no inode numbers.
#[inline]
pub(super) fn absent(cx: &mut Cx<'_>, pid: u64, ino: u64) {
    // this rule is not judged there
    cx.test_alone(&immutable_numbers::RULE, ino == 0, || {
        let subject = Subject::pid_named(pid, std::iter::empty());
        Finding::new(subject, "no inode number", ino.to_string())
    });
}

/// A record names a pid with its inode number.
#[inline]
pub(super) fn named(cx: &mut Cx<'_>, ground: &Ground, pid: Option<PidId>, ino: u64) {
    let Some(pid) = pid else { return };
    let known = cx.world.ino(pid);
    let holds = known == ino || known == 0 || !ground.is_sure(cx.world, pid);
    cx.test(&RULE, holds, || {
        let subject = Subject::pid(cx.world, pid);
        Finding::new(subject, format!("inode number {known}, as before"), ino.to_string())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check::tests::script::Script, event::Body};

    /// Gives the pid of the last fork this inode number, in all its records.
    fn set(script: &mut Script, ino: u64) {
        let mut of = 0;
        for event in script.events.iter_mut().rev().take(2) {
            match &mut event.body {
                Body::AllocPid(facts) if facts.pid.0 == of => facts.ino = ino,
                Body::Fork { task, .. } if of == 0 => (of, task.ino) = (task.pid, ino),
                _ => (),
            }
        }
    }

    #[test]
    fn an_inode_number_of_two_pids_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            let first = script.fork(10);
            script.fork(10);
            let ino = script.tasks[&first].facts.ino;
            set(&mut script, ino);
            script.trips(&RULE);
        }
    }

    #[test]
    fn another_inode_number_of_a_known_pid_is_a_violation() {
        for mut script in [Script::new(), Script::tracepoints()] {
            script.sweep();
            let at = script.events.len() - 2;
            let Body::Snapshot { task, .. } = &mut script.events[at].body else { panic!() };
            task.ino += 7;
            script.trips(&RULE);
        }
    }

    #[test]
    fn forks_overtake_each_other() {
        for mut script in [Script::new(), Script::tracepoints()] {
            for ino in [1002, 1001, 1003] {
                script.fork(10);
                set(&mut script, ino);
            }
            script.holds(&RULE);
        }
    }

    #[test]
    fn an_order_is_judged_once_it_has_shown() {
        for per_cpu in [false, true] {
            let mut script = Script::new();
            for turn in 0..530_u64 {
                let child = script.fork(10);
                let own = turn % 2 * 100_000;
                set(&mut script, 10_000 + turn + if per_cpu { own } else { 0 });
                for event in script.events.iter_mut().rev().take(2) {
                    event.header.cpu = (turn % 2) as u16;
                }
                script.tasks.remove(&child);
            }
            script.fork(10);
            set(&mut script, 600);
            let violated = script.report().row(&RULE).unwrap().violated;
            assert_eq!(violated, u64::from(!per_cpu));
        }
    }
}
