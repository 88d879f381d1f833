//! What the rules say of a script.

use super::Script;
use crate::{
    check::{Checker, Options, Report, Rule, Verdict},
    event::{Body, Event, Header, Lost},
    host::Host,
    model::World,
    recording,
};

impl Script {
    /// A record again, as the next one.
    pub(in crate::check) fn append(&mut self, event: Event) {
        let (seq, ts) = (self.events.len() as u32, self.now());
        let header = Header { seq, ts, ..event.header };
        self.events.push(Event { header, body: event.body });
    }

    /// Records are missing since a time.
    pub(in crate::check) fn lose(&mut self, count: u64, since: u64) {
        self.write(0, 26, Body::Lost(Lost { cpu: 0, count, since }));
    }

    /// The verdicts on what was written.
    pub(in crate::check) fn report(&self) -> Report {
        let (checker, world) = self.judged();
        checker.finish(&world)
    }

    /// The numbers that nothing accounts for.
    pub(in crate::check) fn holes(&self) -> Vec<(u32, i32, i32)> {
        let numbers = self.report().completeness.numbers;
        numbers.into_iter().map(|it| (it.inum, it.from, it.to)).collect()
    }

    fn judged(&self) -> (Checker, World) {
        let mut world = World::new();
        world.set_sees(recording::sees(&self.coverage));
        let mut checker = Checker::new(&Host::default(), &self.coverage, &Options::default());
        for event in &self.events {
            checker.before(&world, event);
            let change = world.apply(event);
            checker.after(&world, event, &change);
            world.check_consistency().unwrap();
        }
        (checker, world)
    }

    /// Asserts that this rule is violated.
    #[track_caller]
    pub(in crate::check) fn trips(&self, rule: &'static Rule) {
        let report = self.report();
        let row = report.row(rule).unwrap();
        assert_eq!(row.verdict, Verdict::Violated, "{}: {row:?}", rule.id);
        assert!(report.violations.iter().any(|found| found.rule.number == rule.number));
    }

    /// Asserts that this rule was tested and holds, and that no rule is violated.
    #[track_caller]
    pub(in crate::check) fn holds(&self, rule: &'static Rule) {
        let report = self.report();
        let row = report.row(rule).unwrap();
        assert_eq!(row.verdict, Verdict::Holds, "{}: {row:?}", rule.id);
        self.is_legal();
    }

    /// Asserts that no rule is violated.
    #[track_caller]
    pub(in crate::check) fn is_legal(&self) {
        let mut found = self.report().violations;
        // most scripts write what sweeps show wherever they like
        found.retain(|violation| self.shows_held || violation.rule.id != "sweep-form");
        assert!(found.is_empty(), "{found:#?}");
    }
}
