//! What is judged beside the rules: whether the stream is complete, whether a recording could be read,
//! and the limits. Each is a test case of its own.

use super::{Blamed, Findings, complete};
use crate::{
    check::Verdict,
    coverage::Fact,
    past::{Breach, Limit, Limits},
};

/// Something that is judged beside the rules.
pub(super) struct Point {
    /// What sort it is.
    pub(super) class: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// What can be said of it.
    pub(super) verdict: Verdict,
    /// What that amounts to: violated, unknown, or `None` if it fails nothing.
    pub(super) fails: Option<Verdict>,
    /// What there is to say, each in a line; harmless.
    pub(super) lines: Vec<String>,
}

impl Point {
    /// It says nothing.
    pub(super) fn is_skipped(&self) -> bool {
        self.fails.is_none() && self.verdict != Verdict::Holds
    }
}

impl Findings<'_> {
    /// All of them.
    pub(super) fn points(&self) -> Vec<Point> {
        let mut points = vec![self.completeness()];
        points.extend(self.recording());
        points.extend(self.blame.into_iter().flat_map(|blamed| self.limits(blamed)));
        points
    }

    fn completeness(&self) -> Point {
        let (policy, known) = (self.policy, &self.report.completeness);
        let verdict = match (known.is_complete(), known.is_witnessed()) {
            (true, true) => Verdict::Holds,
            (true, false) => Verdict::Untested,
            (false, _) => Verdict::Unknown,
        };
        let lines = complete::lines(known, self.start);
        let fails = policy.fails_as_incomplete(known);
        Point { class: "stream", name: "completeness", verdict, fails, lines }
    }

    fn recording(&self) -> Option<Point> {
        let fails = (!self.policy.allow_damage).then_some(Verdict::Unknown);
        let lines = vec![format!("the recording is damaged in {} places", self.damages)];
        let verdict = Verdict::Unknown;
        (self.damages > 0).then_some(Point {
            class: "stream",
            name: "recording",
            verdict,
            fails,
            lines,
        })
    }

    fn limits(&self, blamed: &Blamed) -> Vec<Point> {
        let Limits { max_zombies, max_zombie_age, max_failed_forks, no_leaked_namespaces } =
            blamed.limits;
        let set = [
            (Limit::MaxZombies, max_zombies.is_some()),
            (Limit::MaxZombieAge, max_zombie_age.is_some()),
            (Limit::MaxFailedForks, max_failed_forks.is_some()),
            (Limit::NoLeakedNamespaces, no_leaked_namespaces),
        ];
        let set = set.into_iter().filter(|(_, set)| *set);
        set.map(|(limit, _)| self.limit(blamed, limit)).collect()
    }

    fn limit(&self, blamed: &Blamed, limit: Limit) -> Point {
        let breaches: Vec<&Breach> =
            blamed.breaches.iter().filter(|breach| breach.limit == limit).collect();
        let mut lines: Vec<_> = breaches.iter().map(|breach| breach.text.clone()).collect();
        let verdict = if breaches.iter().any(|breach| breach.sure) {
            Verdict::Violated
        } else if !breaches.is_empty() {
            lines.push("it may be an error: what has ended may not have been seen".into());
            Verdict::Unknown
        } else if let Some(why) = self.doubt(blamed, limit) {
            lines.push(why.into());
            Verdict::Unknown
        } else {
            Verdict::Holds
        };
        let fails = match verdict {
            Verdict::Violated => Some(Verdict::Violated),
            Verdict::Unknown => (!self.policy.allow_damage).then_some(Verdict::Unknown),
            _ => None,
        };
        Point { class: "limits", name: limit.name(), verdict, fails, lines }
    }

    /// Why a limit may be exceeded though nothing shows it.
    fn doubt(&self, blamed: &Blamed, limit: Limit) -> Option<&'static str> {
        let lost = self.report.lost > 0 || self.damages > 0;
        let sees = |fact| self.coverage.sees(fact);
        match limit {
            Limit::MaxFailedForks if !sees(Fact::ForkFail) && !sees(Fact::Syscalls) => {
                Some("failed forks cannot be seen here")
            }
            Limit::MaxFailedForks | Limit::MaxZombieAge => lost.then_some("records are missing"),
            Limit::MaxZombies | Limit::NoLeakedNamespaces => {
                (!blamed.findings.certain).then_some("no sweep has followed the loss of records")
            }
        }
    }
}
