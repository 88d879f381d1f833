//! Rule 33: a PID namespace counts the pids that have a number in it.

use std::collections::HashMap;

use crate::{
    check::{
        Counted, Group, Need, Rule, Scope, Severity, Subject, Weaker,
        cx::Cx,
        settle::{WINDOW, is_sweep},
        violation::Finding,
    },
    coverage::{Coverage, Fact},
    event::{Body, PidNs},
    model::{NsId, PidId, World},
};

/// See the module.
pub(in crate::check) static RULE: Rule = Rule {
    number: 33,
    id: "allocated-count",
    group: Group::Namespace,
    severity: Severity::Strict,
    scope: Scope::State,
    statement: "what a PID namespace counts is the number of pids that have a number in it: at two \
                sweeps in a row around which no pid came or went, it does not differ by the same",
    source: "alloc_pid, free_pid (kernel/pid.c): pid_allocated",
    needs: &[Need::Fact(Fact::Snapshot), Need::Fact(Fact::AllocPid), Need::Fact(Fact::FreePid)],
    weaker: Some(Weaker {
        needs: &[Need::Fact(Fact::Snapshot)],
        statement: "the same, where nothing at all happened for a second before and after a sweep",
    }),
    exceptions: &[
        "pids that are published and not yet told, or told to be freed and not yet uncounted",
        "init_struct_pid is not counted",
        "tasks that are hidden from the iterator: the initial namespace is not judged then",
    ],
    trips: "two quiet sweeps find one pid more than is known",
    near_miss: "two sweeps find one more, as two forks are in flight",
};

/// What a sweep read.
#[derive(Clone, Copy, Debug)]
struct Sample {
    ns: NsId,
    inum: u32,
    kernel: u32,
    ours: u32,
    ts: u64,
    /// No pid has come or gone around it, as far as is known.
    quiet: bool,
}

impl Sample {
    fn excess(&self) -> i64 {
        i64::from(self.kernel) - i64::from(self.ours)
    }
}

/// What the sweeps read.
#[derive(Clone, Debug, Default)]
pub(in crate::check) struct Counts {
    reading: Vec<(NsId, u32)>,
    latest: Vec<Sample>,
    /// The samples of the sweep before.
    earlier: Vec<Sample>,
    /// When pids last came or went, by inner namespace.
    moved: HashMap<NsId, u64>,
    /// The same, of any namespace.
    moved_any: u64,
    watches: bool,
}

impl Counts {
    /// For what these hooks see.
    pub(in crate::check) fn new(coverage: &Coverage) -> Self {
        let watches = coverage.sees(Fact::AllocPid) && coverage.sees(Fact::FreePid);
        Self { watches, ..Self::default() }
    }

    /// Goes with every record.
    #[inline]
    pub(in crate::check) fn before(&mut self, cx: &Cx<'_>) {
        let ts = cx.event.header.ts;
        match &cx.event.body {
            Body::Lost(_) => {
                self.reading.clear();
                self.latest.clear();
                self.earlier.clear();
            }
            Body::AllocPid(facts) => {
                self.moved_any = ts;
                for upid in facts.vector.iter().skip(1) {
                    if let Some(ns) = cx.world.ns_at(upid.ns) {
                        self.moved.insert(ns, ts);
                    }
                }
            }
            Body::FreePid(facts) => {
                self.moved_any = ts;
                if facts.level > 0
                    && let Some(pid) = cx.world.pid_at(facts.pid)
                {
                    self.leave(cx.world, pid, ts);
                }
            }
            body if !self.watches && !is_sweep(body) => self.moved_any = ts,
            _ => (),
        }
    }

    fn leave(&mut self, world: &World, pid: PidId, ts: u64) {
        for &(ns, _) in world.numbers(pid).iter().skip(1) {
            if let Some(ns) = ns {
                self.moved.insert(ns, ts);
            }
        }
    }

    /// When pids last came or went.
    fn moved(&self, world: &World, ns: NsId) -> u64 {
        if !self.watches || world.root_ns() == Some(ns) {
            return self.moved_any;
        }
        self.moved.get(&ns).copied().unwrap_or(0)
    }

    /// A sweep reads a namespace.
    pub(in crate::check) fn read(&mut self, cx: &Cx<'_>, facts: &PidNs) {
        if let Some(ns) = cx.world.ns_at(facts.ns)
            && !self.reading.iter().any(|&(known, _)| known == ns)
        {
            self.reading.push((ns, facts.allocated & !(1 << 31)));
        }
    }

    /// A sweep is over.
    pub(in crate::check) fn swept(&mut self, cx: &mut Cx<'_>) {
        self.judge(cx);
        let (world, ts) = (cx.world, cx.event.header.ts);
        self.earlier = std::mem::take(&mut self.latest);
        for (ns, kernel) in std::mem::take(&mut self.reading) {
            let Some(space) = &world.ns(ns).pid else { continue };
            let quiet = self.moved(world, ns).saturating_add(WINDOW) < ts;
            let inum = world.ns(ns).inum;
            self.latest.push(Sample { ns, inum, kernel, ours: space.members, ts, quiet });
        }
        self.moved.retain(|_, moved| moved.saturating_add(2 * WINDOW) > ts);
    }

    /// The latest sweep can be judged: what came after it is known.
    fn judge(&mut self, cx: &mut Cx<'_>) {
        let (world, now) = (cx.world, cx.book.now);
        for at in 0..self.latest.len() {
            let Some(sample) = self.latest.get(at).copied() else { return };
            if cx.hides() && world.root_ns() == Some(sample.ns) {
                continue;
            }
            let over = sample.ts.saturating_add(WINDOW) < now;
            let quiet = sample.quiet && over && self.moved(world, sample.ns) <= sample.ts;
            let same = self.earlier.iter().any(|earlier| {
                earlier.ns == sample.ns && earlier.quiet && earlier.excess() == sample.excess()
            });
            if let Some(latest) = self.latest.get_mut(at) {
                latest.quiet = quiet;
            }
            let holds = sample.excess() == 0 || !(quiet && same);
            cx.test(&RULE, holds, || {
                Finding::new(
                    Subject::namespace(world, sample.ns),
                    format!("{} pids", sample.ours),
                    format!("pid_allocated {}", sample.kernel),
                )
            });
        }
    }

    /// The stream is over.
    pub(in crate::check) fn finish(&mut self, cx: &mut Cx<'_>) {
        self.judge(cx);
    }

    /// Where the last two sweeps differed by the same: inode number, and both counts. Without
    /// hooks at both ends of a pid's life there is always one under way on a busy host.
    pub(in crate::check) fn uncounted(&self) -> Vec<(u32, Counted)> {
        let again = |sample: &&Sample| {
            let same =
                |earlier: &Sample| earlier.ns == sample.ns && earlier.excess() == sample.excess();
            sample.excess() != 0 && self.earlier.iter().any(same)
        };
        let all = self.latest.iter().filter(|_| self.watches).filter(again);
        let counted =
            |sample: &Sample| Counted { kernel: sample.kernel.into(), seen: sample.ours.into() };
        all.map(|sample| (sample.inum, counted(sample))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{RULE, WINDOW};
    use crate::check::tests::script::Script;

    fn sweeps(mut script: Script, more: u32) -> Script {
        for _ in 0..4 {
            let count = script.tasks.len() as u32 + more;
            script.sweep_with(&[script.root(count)]);
            script.pass(2 * WINDOW);
        }
        script.rename(10, *b"late");
        script.pass(2 * WINDOW);
        script.sweep_with(&[]);
        script
    }

    #[test]
    fn a_pid_that_nobody_knows_trips() {
        sweeps(Script::new(), 1).trips(&RULE);
        sweeps(Script::tracepoints(), 1).trips(&RULE);
    }

    #[test]
    fn the_count_of_all_pids_holds() {
        sweeps(Script::new(), 0).holds(&RULE);
        sweeps(Script::tracepoints(), 0).holds(&RULE);
    }

    #[test]
    fn forks_in_flight_hold() {
        let mut script = Script::new();
        for _ in 0..3 {
            let count = script.tasks.len() as u32 + 1;
            script.sweep_with(&[script.root(count)]);
            script.fork(10);
            script.pass(2 * WINDOW);
        }
        script.sweep_with(&[]);
        script.holds(&RULE);
    }
}
