//! What `check` has found, in each format that it is reported in.
//!
//! The JSON lines are written by [`Json::check`](super::Json::check).

mod complete;
mod github;
mod junit;
mod limits;
mod point;
mod rule;
mod tap;
#[cfg(test)]
mod tests;
mod text;

pub use github::{github, markdown};
pub use junit::junit;
pub use limits::Blamed;
pub use rule::{explain, list};
pub(super) use rule::{need, needs};
pub use tap::tap;
pub use text::text;

use super::{Command, digits::push, escape, names, text::made, time};
use crate::{
    check::{
        Form, Policy, Report, Row, Scope, Severity, Sighting, Subject, Verdict, Violation, What,
    },
    coverage::Coverage,
    event::NO_CPU,
    host::Host,
};

/// A check that is over.
#[derive(Clone, Copy, Debug)]
pub struct Findings<'a> {
    /// The verdicts.
    pub report: &'a Report,
    /// What of them fails.
    pub policy: &'a Policy,
    /// The host that was checked.
    pub host: &'a Host,
    /// What could be seen of it.
    pub coverage: &'a Coverage,
    /// The time that relative times count from, ns since boot.
    pub start: u64,
    /// Places of a recording that could not be read.
    pub damages: usize,
    /// Who is to blame, if anybody asked.
    pub blame: Option<&'a Blamed>,
    /// How the command ended, if there was one.
    pub command: Option<Command>,
}

impl Findings<'_> {
    /// What it all amounts to.
    pub fn verdict(&self) -> Verdict {
        let rules = self.policy.verdict(self.report, self.damages);
        let points = self.points();
        points.iter().filter_map(|point| point.fails).fold(rules, Verdict::max)
    }

    /// The first violation of each rule that has some, and how many tests of it failed.
    fn violated(&self) -> impl Iterator<Item = (&Row, Option<&Violation>)> {
        let rows = self.report.rows.iter().filter(|row| row.verdict == Verdict::Violated);
        rows.map(|row| (row, self.violations(row).next()))
    }

    /// The violations of a rule that were kept.
    fn violations(&self, row: &Row) -> impl Iterator<Item = &Violation> {
        let number = row.rule.number;
        self.report.violations.iter().filter(move |found| found.rule.number == number)
    }

    /// The rules whose verdict fails as unknown.
    fn unknown(&self) -> impl Iterator<Item = &Row> {
        let fails = |row: &&Row| self.policy.fails(row) == Some(Verdict::Unknown);
        self.report.rows.iter().filter(fails)
    }

    /// Whether a violation of the rule fails.
    fn counts(&self, row: &Row) -> bool {
        self.policy.fails(row) == Some(Verdict::Violated)
    }
}

/// Appends the verdict with all counts, in one line without its end.
pub fn headline(found: &Findings<'_>, out: &mut String) {
    let counts = found.report.counts();
    out.push_str(found.verdict().name());
    out.push_str(": ");
    for (count, what) in [
        (counts.violated, " violated, "),
        (counts.unknown, " unknown, "),
        (counts.holds, " hold, "),
        (counts.untested, " untested, "),
        (counts.uncovered, " uncovered; "),
    ] {
        push(count as u64, out);
        out.push_str(what);
    }
    push(found.report.events, out);
    out.push_str(" events, ");
    push(found.report.lost, out);
    out.push_str(" lost");
    let breaches = found.blame.map_or(0, |blamed| blamed.breaches.len());
    if breaches > 0 {
        out.push_str("; ");
        push(breaches as u64, out);
        out.push_str(if breaches == 1 { " limit exceeded" } else { " limits exceeded" });
    }
}

/// What else has to be said of the whole, each in a line: why it is unknown, how the command ended,
/// and whether the stream is complete.
fn remarks(found: &Findings<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if found.report.lost > 0 {
        lines.push(format!("{} records are missing", found.report.lost));
    }
    for point in found.points() {
        match point.class {
            "limits" if point.verdict == Verdict::Unknown => {
                lines.extend(point.lines.iter().map(|line| format!("{}: {line}", point.name)));
            }
            "limits" => {}
            _ => lines.extend(point.lines),
        }
    }
    let required: Vec<_> = found
        .unknown()
        .filter(|row| row.verdict != Verdict::Unknown)
        .map(|row| format!("{} ({})", row.rule.id, row.verdict.name()))
        .collect();
    if !required.is_empty() {
        lines.push(format!("required, but not judged: {}", required.join(", ")));
    }
    if let Some(Command { status }) = found.command {
        lines.push(made(|out| {
            out.push_str("the command ended: ");
            names::Ended::from_wait(status).write(out);
        }));
    }
    lines
}

/// Appends a violation in one line without its end.
pub fn brief(violation: &Violation, out: &mut String) {
    out.push_str("violated: ");
    out.push_str(violation.rule.id);
    out.push_str(": ");
    subject(&violation.subject, out);
    out.push_str(": expected ");
    out.push_str(&safe(&violation.expected));
    out.push_str(", observed ");
    out.push_str(&safe(&violation.observed));
}

/// Appends whom a violation is about.
pub fn subject(subject: &Subject, out: &mut String) {
    let Subject { what, vector, tgid, comm, inum, .. } = subject;
    match what {
        What::Record => out.push_str("the record itself"),
        What::Namespace if *inum != 0 => super::text::space(crate::model::NsKind::Pid, *inum, out),
        What::Task | What::Pid | What::Namespace => {
            out.push_str(what.name());
            if !vector.is_empty() {
                out.push(' ');
            }
            for (level, &number) in vector.iter().enumerate() {
                if level > 0 {
                    out.push('/');
                }
                push(number, out);
            }
        }
    }
    if !escape::name(comm).is_empty() {
        out.push_str(" (");
        escape::comm(comm, out);
        out.push(')');
    }
    if *tgid != 0 && vector.first() != Some(tgid) {
        out.push_str(" of process ");
        push(*tgid, out);
    }
}

/// Appends a record that shows a violation.
fn sighting(sighting: &Sighting, start: u64, out: &mut String) {
    let Sighting { index, ts, cpu, kind, actor_tid, .. } = sighting;
    out.push('#');
    push(*index, out);
    out.push_str("  ");
    seconds(*ts, start, out);
    if *cpu != NO_CPU {
        out.push_str("  cpu ");
        push(*cpu, out);
    }
    out.push_str("  ");
    out.push_str(names::record(*kind));
    if *actor_tid > 0 {
        out.push_str(" by ");
        push(*actor_tid, out);
    }
}

/// Appends a time relative to the start.
fn seconds(ts: u64, start: u64, out: &mut String) {
    let (sign, apart) = if ts < start { ('-', start - ts) } else { ('+', ts - start) };
    out.push(sign);
    time::seconds(apart, 6, out);
    out.push('s');
}

/// Why a rule was not judged whole, or is unknown; empty if there is nothing to say.
pub(super) fn reason(row: &Row) -> String {
    let form = match &row.form {
        Form::Full => String::new(),
        Form::Weaker(why) => format!("weaker: {why}"),
        Form::Uncovered(why) => why.clone(),
        Form::Skipped => "left out".into(),
    };
    let doubt = match (row.verdict, row.doubted) {
        (Verdict::Unknown, 1..) => {
            format!("{} tests failed where records are missing", row.doubted)
        }
        (Verdict::Unknown, 0) if row.rule.scope == Scope::Event => "records are missing".into(),
        (Verdict::Unknown, 0) => "no sweep has followed the loss of records".into(),
        _ => String::new(),
    };
    let said = [doubt, form].into_iter().filter(|said| !said.is_empty());
    made(|out| escape::terminal(said.collect::<Vec<_>>().join("; ").as_bytes(), out))
}

/// A text that may hold anything, for people.
fn safe(text: &str) -> String {
    made(|out| escape::terminal(text.as_bytes(), out))
}

/// `1 test`, `2 tests`.
fn plural(count: u64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// What a violation of this rule is called where it does not fail.
fn grade(row: &Row, counts: bool) -> &'static str {
    match (row.rule.severity, counts) {
        (Severity::Soft, false) => "warning",
        _ => "violated",
    }
}
