//! The book of tests: how often each rule was tested, and what came of it.

use super::{Form, Rule, Violation, recent::Recent, rules::COUNT, violation::Finding};

/// Violations of one rule that are kept; more are counted.
const KEPT: usize = 64;

/// How far the time of a record may lie behind its place in the stream, ns: a program may be
/// interrupted between reading the clock and writing.
const SKEW: u64 = 1_000_000;

/// What came of one rule's tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Tests.
    pub(super) tested: u64,
    /// Those that failed.
    pub(super) violated: u64,
    /// Those that failed where records are missing: they say nothing.
    pub(super) doubted: u64,
}

/// All tallies, and the evidence.
#[derive(Clone, Debug)]
pub(super) struct Book {
    /// The tests of each rule, of those too that are not judged: a test that holds is one addition.
    tested: [u64; COUNT],
    tallies: [Tally; COUNT],
    pub(super) violations: Vec<Violation>,
    pub(super) recent: Recent,
    /// Which rules are judged, by number.
    judged: [bool; COUNT],
    /// Which of them in their weaker form only.
    weaker: [bool; COUNT],
    /// The tables can be relied upon: a sweep has completed that no loss has followed.
    pub(super) certain: bool,
    /// Some tasks escape the sweeps: `/proc` has shown more, or the coverage says so.
    pub(super) hides: bool,
    /// Records that are missing.
    pub(super) lost: u64,
    /// The latest time so far.
    pub(super) now: u64,
}

impl Book {
    pub(super) fn new(forms: &[Form; COUNT], hides: bool) -> Self {
        let mut judged = [false; COUNT];
        let mut weaker = [false; COUNT];
        for (at, form) in forms.iter().enumerate() {
            judged[at] = form.is_judged();
            weaker[at] = matches!(form, Form::Weaker(_));
        }
        Self {
            tested: [0; COUNT],
            tallies: [Tally::default(); COUNT],
            violations: Vec::new(),
            recent: Recent::new(),
            judged,
            weaker,
            certain: false,
            hides,
            lost: 0,
            now: 0,
        }
    }

    /// Whether a rule is judged as it stands.
    #[inline]
    pub(super) fn is_full(&self, rule: &Rule) -> bool {
        let at = rule.index();
        self.judged.get(at) == Some(&true) && self.weaker.get(at) == Some(&false)
    }

    /// Whether a rule is judged at all.
    #[inline]
    pub(super) fn is_judged(&self, rule: &Rule) -> bool {
        self.judged.get(rule.index()) == Some(&true)
    }

    /// What came of the tests of each rule that is judged.
    pub(super) fn tallies(&self) -> [Tally; COUNT] {
        let mut tallies = self.tallies;
        for ((tally, &tested), &judged) in tallies.iter_mut().zip(&self.tested).zip(&self.judged) {
            tally.tested = if judged { tested } else { 0 };
        }
        tallies
    }

    /// One test of a rule.
    #[inline]
    pub(super) fn test(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.held(rule, 1);
        if !holds {
            self.fail(rule, self.certain, finding);
        }
    }

    /// One test of what a record says by itself: no table can be wrong about it.
    #[inline]
    pub(super) fn test_alone(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.held(rule, 1);
        if !holds {
            self.fail(rule, true, finding);
        }
    }

    /// One test that rests on what the hooks have told alone: it needs no sweep, but that nothing is
    /// missing since the first record. Ends are attached before beginnings.
    #[inline]
    pub(super) fn test_told(
        &mut self,
        rule: &'static Rule,
        holds: bool,
        finding: impl FnOnce() -> Finding,
    ) {
        self.held(rule, 1);
        if !holds {
            self.fail(rule, self.certain || self.lost == 0, finding);
        }
    }

    /// Tests of a rule that held.
    #[inline]
    pub(super) fn held(&mut self, rule: &Rule, tests: u64) {
        if let Some(tested) = self.tested.get_mut(rule.index()) {
            *tested += tests;
        }
    }

    /// A test of a rule failed. Out of the way of those that hold, with all that the finding needs.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, rule: &'static Rule, certain: bool, finding: impl FnOnce() -> Finding) {
        if !self.is_judged(rule) {
            return;
        }
        let Some(tally) = self.tallies.get_mut(rule.index()) else { return };
        if !certain {
            tally.doubted += 1;
            return;
        }
        tally.violated += 1;
        self.violate(rule, finding());
    }

    fn violate(&mut self, rule: &'static Rule, finding: Finding) {
        let same = self.violations.iter().filter(|violation| violation.rule.number == rule.number);
        if same.count() >= KEPT {
            return;
        }
        let Finding { subject, expected, observed } = finding;
        let events = self.recent.about(&subject);
        let ts = self.now;
        self.violations.push(Violation { rule, subject, expected, observed, events, ts });
    }

    /// Records are missing, and were so since a time: what was found wrong since may be their
    /// fault. A gap is told late, when it is sure that nothing fills it.
    pub(super) fn lose(&mut self, count: u64, since: u64) {
        self.lost = self.lost.saturating_add(count);
        let from = since.saturating_sub(SKEW);
        let Self { violations, tallies, .. } = self;
        violations.retain(|violation| {
            if violation.ts < from {
                return true;
            }
            if let Some(tally) = tallies.get_mut(violation.rule.index()) {
                tally.violated = tally.violated.saturating_sub(1);
                tally.doubted += 1;
            }
            false
        });
    }
}

impl Rule {
    /// Its place among all rules.
    #[inline]
    pub(super) fn index(&self) -> usize {
        usize::from(self.number).wrapping_sub(1)
    }
}
