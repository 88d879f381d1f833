//! What of a report fails, as the caller wants it.

use super::{Completeness, Form, Report, Row, Severity, Verdict};

/// What of a report fails. By default: violations of strict rules, and strict rules that are unknown.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Soft rules count like strict ones.
    pub soft: bool,
    /// Rules, by number, that must have been judged: untested and uncovered are unknown.
    pub require: Vec<u8>,
    /// Rules, by number, that may be unknown.
    pub allow_unknown: Vec<u8>,
    /// Damage of a recording alone is no matter.
    pub allow_damage: bool,
    /// That records are missing is no matter where no rule needed them.
    pub allow_incomplete: bool,
    /// The kernel's own counts must have been there to tell whether records are missing.
    pub require_complete: bool,
}

/// How many rules have each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Tested, and always held.
    pub holds: usize,
    /// Violated, soft rules among them.
    pub violated: usize,
    /// Could not be judged for losses.
    pub unknown: usize,
    /// Nothing happened that they are about.
    pub untested: usize,
    /// Cannot be seen here, or were left out.
    pub uncovered: usize,
}

impl Policy {
    /// What a rule's verdict amounts to: violated, unknown, or `None` if it fails nothing.
    pub fn fails(&self, row: &Row) -> Option<Verdict> {
        let strict = self.soft || row.rule.severity == Severity::Strict;
        let required = self.require.contains(&row.rule.number);
        let allowed = self.allow_unknown.contains(&row.rule.number);
        match row.verdict {
            Verdict::Violated => strict.then_some(Verdict::Violated),
            Verdict::Unknown => ((strict || required) && !allowed).then_some(Verdict::Unknown),
            Verdict::Untested | Verdict::Uncovered => {
                (required && row.form != Form::Skipped).then_some(Verdict::Unknown)
            }
            Verdict::Holds => None,
        }
    }

    /// What it amounts to that a stream is not complete, or not known to be: unknown, or `None` if it
    /// fails nothing.
    pub fn fails_as_incomplete(&self, known: &Completeness) -> Option<Verdict> {
        let fails = if known.is_complete() {
            self.require_complete && !known.is_witnessed()
        } else {
            !self.allow_incomplete
        };
        fails.then_some(Verdict::Unknown)
    }

    /// What a report amounts to: violated, unknown, or holds. `damages` places of the recording could
    /// not be read.
    pub fn verdict(&self, report: &Report, damages: usize) -> Verdict {
        let damaged = (damages > 0 && !self.allow_damage).then_some(Verdict::Unknown);
        let rows = report.rows.iter().filter_map(|row| self.fails(row));
        let incomplete = self.fails_as_incomplete(&report.completeness);
        rows.chain(damaged).chain(incomplete).max().unwrap_or(Verdict::Holds)
    }
}

impl Report {
    /// How many rules have each verdict.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &self.rows {
            let count = match row.verdict {
                Verdict::Holds => &mut counts.holds,
                Verdict::Violated => &mut counts.violated,
                Verdict::Unknown => &mut counts.unknown,
                Verdict::Untested => &mut counts.untested,
                Verdict::Uncovered => &mut counts.uncovered,
            };
            *count += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{ALL, Completeness, Counted};

    /// A report in which each of these rules has a verdict, and all others hold.
    fn report(verdicts: &[(u8, Verdict)]) -> Report {
        let row = |rule: &&'static crate::check::Rule| {
            let given = verdicts.iter().find(|given| given.0 == rule.number);
            let verdict = given.map_or(Verdict::Holds, |given| given.1);
            let form = match verdict {
                Verdict::Uncovered => Form::Uncovered("why".into()),
                _ => Form::Full,
            };
            Row { rule, form, verdict, tested: 1, violated: 0, doubted: 0 }
        };
        let (rows, violations) = (ALL.iter().map(row).collect(), vec![]);
        Report { rows, violations, events: 9, lost: 0, completeness: Completeness::default() }
    }

    fn strict() -> u8 {
        let rule = ALL.iter().find(|rule| rule.severity == Severity::Strict);
        rule.map_or(0, |rule| rule.number)
    }

    #[test]
    fn a_violation_outweighs_what_is_unknown() {
        let (one, two) = (strict(), 66);
        let both = report(&[(one, Verdict::Violated), (two, Verdict::Unknown)]);
        assert_eq!(Policy::default().verdict(&both, 0), Verdict::Violated);
        assert_eq!(Policy::default().verdict(&report(&[]), 0), Verdict::Holds);
        assert_eq!(Policy::default().verdict(&report(&[]), 1), Verdict::Unknown);
    }

    #[test]
    fn what_may_be_unknown_fails_nothing() {
        let found = report(&[(strict(), Verdict::Unknown)]);
        assert_eq!(Policy::default().verdict(&found, 0), Verdict::Unknown);
        let policy = Policy { allow_unknown: vec![strict()], ..Policy::default() };
        assert_eq!(policy.verdict(&found, 0), Verdict::Holds);
        assert_eq!(policy.verdict(&report(&[(strict(), Verdict::Violated)]), 0), Verdict::Violated);
    }

    #[test]
    fn untested_and_uncovered_fail_only_what_is_required() {
        for verdict in [Verdict::Untested, Verdict::Uncovered] {
            let found = report(&[(strict(), verdict)]);
            assert_eq!(Policy::default().verdict(&found, 0), Verdict::Holds);
            let policy = Policy { require: vec![strict()], ..Policy::default() };
            assert_eq!(policy.verdict(&found, 0), Verdict::Unknown);
        }
    }

    #[test]
    fn what_the_user_left_out_is_not_required() {
        let mut found = report(&[(strict(), Verdict::Uncovered)]);
        for row in &mut found.rows {
            row.form = Form::Skipped;
        }
        let policy = Policy { require: (1..=66).collect(), ..Policy::default() };
        assert_eq!(policy.verdict(&found, 0), Verdict::Holds);
    }

    #[test]
    fn what_is_not_complete_is_unknown_unless_that_is_allowed() {
        let mut found = report(&[]);
        let require = Policy { require_complete: true, ..Policy::default() };
        assert_eq!(require.verdict(&found, 0), Verdict::Unknown, "nobody has witnessed it");
        found.completeness.forks = Some(Counted { kernel: 9, seen: 9 });
        assert_eq!(require.verdict(&found, 0), Verdict::Holds);
        found.completeness.forks = Some(Counted { kernel: 9, seen: 8 });
        assert_eq!(Policy::default().verdict(&found, 0), Verdict::Unknown);
        let allow = Policy { allow_incomplete: true, ..Policy::default() };
        assert_eq!(allow.verdict(&found, 0), Verdict::Holds);
    }

    #[test]
    fn soft_rules_count_where_asked_for() {
        let mut found = report(&[]);
        let soft = Policy { soft: true, ..Policy::default() };
        let Some(row) = found.rows.iter_mut().find(|row| row.rule.severity == Severity::Soft)
        else {
            return;
        };
        row.verdict = Verdict::Violated;
        assert_eq!(Policy::default().verdict(&found, 0), Verdict::Holds);
        assert_eq!(soft.verdict(&found, 0), Verdict::Violated);
        assert_eq!(found.counts().violated, 1);
    }
}
