//! The report in the Test Anything Protocol, version 14 (<https://testanything.org>): a test point
//! a rule.

use super::{Findings, headline, plural, point::Point, reason, remarks, safe, sighting, subject};
use crate::{
    check::{Row, Verdict, Violation},
    view::{digits::push, escape, text::made},
};

/// Appends the report.
pub fn tap(found: &Findings<'_>, out: &mut String) {
    out.push_str("TAP version 14\n1..");
    let points = found.points();
    let rows = found.report.rows.len();
    out.push_str(&(rows + points.len()).to_string());
    out.push('\n');
    for (at, row) in found.report.rows.iter().enumerate() {
        point(found, at + 1, row, out);
    }
    for (at, point) in points.iter().enumerate() {
        beside_rules(rows + at + 1, point, out);
    }
    comment(&made(|out| headline(found, out)), out);
    for line in remarks(found) {
        comment(&safe(&line), out);
    }
}

fn point(found: &Findings<'_>, number: usize, row: &Row, out: &mut String) {
    let fails = found.policy.fails(row);
    let bad = fails.is_some() || row.verdict == Verdict::Violated;
    out.push_str(if bad { "not ok " } else { "ok " });
    push(number as u64, out);
    for piece in [" - ", row.rule.group.name(), ": ", row.rule.id] {
        out.push_str(piece);
    }
    let why = reason(row);
    match (row.verdict, fails) {
        // A test point that may fail.
        (Verdict::Violated, None) => out.push_str(" # TODO soft"),
        (Verdict::Unknown | Verdict::Uncovered | Verdict::Untested, None) => {
            out.push_str(" # SKIP ");
            out.push_str(row.verdict.name());
            if !why.is_empty() {
                out.push_str(": ");
                out.push_str(&why.replace('#', "\\#"));
            }
        }
        _ => {}
    }
    out.push('\n');
    if bad {
        diagnosis(found, row, &why, out);
    }
}

/// What is judged beside the rules.
fn beside_rules(number: usize, point: &Point, out: &mut String) {
    out.push_str(if point.fails.is_some() { "not ok " } else { "ok " });
    push(number as u64, out);
    for piece in [" - ", point.class, ": ", point.name] {
        out.push_str(piece);
    }
    let said = point.lines.join("; ");
    if point.is_skipped() {
        out.push_str(" # SKIP ");
        out.push_str(&said.replace('#', "\\#"));
    }
    out.push('\n');
    if point.fails.is_some() {
        out.push_str("  ---\n");
        field("  ", "message", &said, out);
        field("  ", "verdict", point.verdict.name(), out);
        out.push_str("  ...\n");
    }
}

/// A block of YAML: strings are in double quotes, as JSON has them, which YAML reads alike.
fn diagnosis(found: &Findings<'_>, row: &Row, why: &str, out: &mut String) {
    out.push_str("  ---\n");
    field("  ", "message", row.rule.statement, out);
    field("  ", "verdict", row.verdict.name(), out);
    field("  ", "severity", row.rule.severity.name(), out);
    field("  ", "tested", &plural(row.tested, "test"), out);
    if !why.is_empty() {
        field("  ", "reason", why, out);
    }
    let mut violations = found.violations(row).peekable();
    if violations.peek().is_some() {
        out.push_str("  violations:\n");
        violations.for_each(|violation| item(violation, found.start, out));
    }
    out.push_str("  ...\n");
}

fn item(violation: &Violation, start: u64, out: &mut String) {
    field("    - ", "subject", &made(|out| subject(&violation.subject, out)), out);
    field("      ", "expected", &violation.expected, out);
    field("      ", "observed", &violation.observed, out);
    if !violation.events.is_empty() {
        out.push_str("      records:\n");
    }
    for event in &violation.events {
        out.push_str("        - ");
        quoted(&made(|out| sighting(event, start, out)), out);
        out.push('\n');
    }
}

fn field(indent: &str, name: &str, text: &str, out: &mut String) {
    out.push_str(indent);
    out.push_str(name);
    out.push_str(": ");
    quoted(text, out);
    out.push('\n');
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    escape::json(text.as_bytes(), out);
    out.push('"');
}

fn comment(line: &str, out: &mut String) {
    out.push_str("# ");
    out.push_str(line);
    out.push('\n');
}
