//! The verdicts.

use super::{Completeness, Form, Rule, Scope, Severity, Violation};

/// What can be said of a rule, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It was tested, and always held.
    Holds,
    /// Nothing happened that it is about.
    Untested,
    /// What it needs cannot be seen here, or the user left it out.
    Uncovered,
    /// Records are missing that it needed.
    Unknown,
    /// It is violated.
    Violated,
}

impl Verdict {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Untested => "untested",
            Self::Uncovered => "uncovered",
            Self::Unknown => "unknown",
            Self::Violated => "violated",
        }
    }
}

/// What is said of one rule.
#[derive(Clone, Debug)]
pub struct Row {
    /// Which.
    pub rule: &'static Rule,
    /// In which form it was judged.
    pub form: Form,
    /// What came of it.
    pub verdict: Verdict,
    /// How often it was tested.
    pub tested: u64,
    /// How many tests failed.
    pub violated: u64,
    /// How many failed where records are missing.
    pub doubted: u64,
}

/// What is said at the end.
#[derive(Clone, Debug)]
pub struct Report {
    /// Every rule, by number.
    pub rows: Vec<Row>,
    /// What violates rules, in the order in which it was found; of each rule the first few.
    pub violations: Vec<Violation>,
    /// Events that were judged.
    pub events: u64,
    /// Records that are missing.
    pub lost: u64,
    /// Whether everything that happened was seen.
    pub completeness: Completeness,
}

impl Report {
    /// What is said of all rules together. Violations of soft rules count if `soft` says so; what
    /// is uncovered or untested is for the caller to require.
    pub fn verdict(&self, soft: bool) -> Verdict {
        let counts = |row: &Row| soft || row.rule.severity == Severity::Strict;
        let rows = self.rows.iter().filter(|row| counts(row));
        let worst = rows.map(|row| row.verdict).filter(|&verdict| verdict >= Verdict::Unknown);
        worst.max().unwrap_or(Verdict::Holds)
    }

    /// The row of a rule.
    pub fn row(&self, rule: &Rule) -> Option<&Row> {
        self.rows.iter().find(|row| row.rule.number == rule.number)
    }
}

impl Row {
    pub(super) fn judge(
        rule: &'static Rule,
        form: Form,
        tally: super::book::Tally,
        lost: bool,
        certain: bool,
    ) -> Self {
        let touched = match rule.scope {
            Scope::Event => lost,
            Scope::State => !certain,
        };
        let verdict = if !form.is_judged() {
            Verdict::Uncovered
        } else if tally.violated > 0 {
            Verdict::Violated
        } else if tally.doubted > 0 && lost || touched && tally.tested > 0 {
            Verdict::Unknown
        } else if tally.tested == 0 {
            Verdict::Untested
        } else {
            Verdict::Holds
        };
        let super::book::Tally { tested, violated, doubted } = tally;
        Self { rule, form, verdict, tested, violated, doubted }
    }
}
