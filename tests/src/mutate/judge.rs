//! What the checks say of a history.

use tracer::{
    check::{Checker, Options, Report, Verdict},
    event::Event,
    model::{Change, Config, World},
    recording::sees,
    stream,
};

use super::History;

/// What the checks say.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of all rules together.
    pub verdict: Verdict,
    /// The rule of the first violation.
    pub rule: Option<&'static str>,
    /// All of it.
    pub report: Report,
}

/// Judges records that were seen by the hooks of a history.
pub fn judge(history: &History, records: &[Vec<u8>]) -> Judged {
    let coverage = &history.coverage;
    let mut world = World::with(Config { sees: sees(coverage), ..Config::default() });
    let mut checker = Checker::new(&history.host, coverage, &Options::default());
    let (mut event, mut change) = (Event::default(), Change::default());
    for record in records {
        stream::event_into(record, &mut event);
        checker.before(&world, &event);
        world.apply_to(&event, &mut change);
        checker.after(&world, &event, &change);
    }
    let report = checker.finish(&world);
    let strict = report.violations.iter().map(|violation| violation.rule.id).next();
    Judged { verdict: report.verdict(true), rule: strict, report }
}
