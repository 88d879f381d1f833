//! The report for people.

use super::{
    Findings, grade, headline, limits, plural, reason, remarks, rule::lines, safe, sighting,
    subject as write_subject,
};
use crate::{
    check::{Form, Row, Verdict, Violation},
    view::{Align, Grid, Paint, Style, style::width, text::made},
};

/// Violations of one rule that are shown in full.
const SHOWN: usize = 3;

/// Characters of a reason that are shown in short.
const SHORT: usize = 64;

/// Appends the report. Rules that simply hold are listed only where it is `verbose`.
pub fn text(found: &Findings<'_>, style: Style, verbose: bool, out: &mut String) {
    let line = made(|out| headline(found, out));
    style.paint(paint(found.verdict()), &line, out);
    out.push('\n');
    for (row, _) in found.violated() {
        out.push('\n');
        violated(found, row, style, verbose, out);
    }
    limits::exceeded(found, style, out);
    table(found, style, verbose, out);
    limits::who(found, style, verbose, out);
    let mut notes: Vec<_> = remarks(found).iter().map(|line| safe(line)).collect();
    if !verbose {
        notes.extend(unjudged(found));
    }
    for (at, line) in notes.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { "" });
        lines(line, 2, out);
    }
}

/// The rules that were not judged, in short: a line for each reason.
fn unjudged(found: &Findings<'_>) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<&str>)> = Vec::new();
    let mut skipped = 0;
    for row in &found.report.rows {
        let why = match row.verdict {
            Verdict::Untested => "untested".to_owned(),
            Verdict::Uncovered if row.form == Form::Skipped => {
                skipped += 1;
                continue;
            }
            Verdict::Uncovered => format!("uncovered, as {}", reason(row)),
            _ => continue,
        };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, rules)) => rules.push(row.rule.id),
            None => reasons.push((why, vec![row.rule.id])),
        }
    }
    reasons.sort();
    let left_out = (skipped > 0).then(|| format!("left out: {}", plural(skipped, "rule")));
    let told = reasons.into_iter().map(|(why, rules)| format!("{why}: {}", rules.join(", ")));
    told.chain(left_out).collect()
}

/// A rule that is violated, and how.
fn violated(found: &Findings<'_>, row: &Row, style: Style, verbose: bool, out: &mut String) {
    let rule = row.rule;
    let word = grade(row, found.counts(row));
    let head = format!(
        "{word}: {} (rule {}, {}), {} of {}",
        rule.id,
        rule.number,
        rule.severity.name(),
        row.violated,
        plural(row.tested, "test"),
    );
    let color = if found.counts(row) { Paint::Alarm } else { Paint::End };
    style.paint(color, &head, out);
    out.push('\n');
    line("rule", rule.statement, out);
    let all = found.violations(row).count();
    let shown = if verbose { all } else { SHOWN };
    for violation in found.violations(row).take(shown) {
        one(found, violation, out);
    }
    if all > shown {
        line("", &format!("and {} more", row.violated - shown as u64), out);
    }
}

fn one(found: &Findings<'_>, violation: &Violation, out: &mut String) {
    line("subject", &made(|out| write_subject(&violation.subject, out)), out);
    line("expected", &safe(&violation.expected), out);
    line("observed", &safe(&violation.observed), out);
    for (at, event) in violation.events.iter().enumerate() {
        let head = if at == 0 { "shown by" } else { "" };
        line(head, &made(|out| sighting(event, found.start, out)), out);
    }
}

fn line(head: &str, text: &str, out: &mut String) {
    const COLUMN: usize = 10;
    out.push_str("  ");
    out.push_str(head);
    out.push_str(&" ".repeat(COLUMN.saturating_sub(head.len())));
    out.push_str(text);
    out.push('\n');
}

/// The rules, by group.
fn table(found: &Findings<'_>, style: Style, verbose: bool, out: &mut String) {
    let mut grid = Grid::new(&[
        ("GROUP", Align::Left),
        ("NO", Align::Right),
        ("RULE", Align::Left),
        ("VERDICT", Align::Left),
        ("TESTED", Align::Right),
        ("NOTE", Align::Left),
    ]);
    // What simply holds, and what was not judged, is said in short.
    let short_of = |row: &Row| match row.verdict {
        Verdict::Holds => row.form == Form::Full,
        verdict => matches!(verdict, Verdict::Untested | Verdict::Uncovered),
    };
    let rows = found.report.rows.iter().filter(|row| verbose || !short_of(row));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| (row.rule.group, row.rule.number));
    if rows.is_empty() {
        return;
    }
    let mut before = None;
    for row in rows {
        let group = row.rule.group;
        let head = if before.replace(group) == Some(group) { "" } else { group.name() };
        let why = reason(row);
        let cells = vec![
            head.to_owned(),
            row.rule.number.to_string(),
            row.rule.id.to_owned(),
            row.verdict.name().to_owned(),
            row.tested.to_string(),
            if verbose { why } else { short(&why, style) },
        ];
        grid.row(paint(row.verdict), cells);
    }
    out.push('\n');
    grid.write(style, out);
}

/// A text cut to what is worth a column.
pub(super) fn short(text: &str, style: Style) -> String {
    if width(text) <= SHORT {
        return text.to_owned();
    }
    let kept: String = text.chars().take(SHORT).collect();
    kept + style.ellipsis()
}

fn paint(verdict: Verdict) -> Paint {
    match verdict {
        Verdict::Holds => Paint::Birth,
        Verdict::Violated => Paint::Alarm,
        Verdict::Unknown => Paint::End,
        Verdict::Untested | Verdict::Uncovered => Paint::Dim,
    }
}
