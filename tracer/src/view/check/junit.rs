//! The report as JUnit XML: a test case a rule, its class the rule's group.

use super::{Findings, headline, point::Point, reason, remarks, sighting, subject};
use crate::{
    check::{Row, Verdict, Violation},
    view::{escape, text::made, time},
};

/// Appends the report.
pub fn junit(found: &Findings<'_>, out: &mut String) {
    let rows = &found.report.rows;
    let count = |test: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| test(row)).count();
    let points = found.points();
    let beside = |test: &dyn Fn(&Point) -> bool| points.iter().filter(|it| test(it)).count();
    let failures = count(&|row| found.policy.fails(row) == Some(Verdict::Violated))
        + beside(&|point| point.fails == Some(Verdict::Violated));
    let errors = count(&|row| found.policy.fails(row) == Some(Verdict::Unknown))
        + beside(&|point| point.fails == Some(Verdict::Unknown));
    let skipped = count(&|row| is_skipped(found, row)) + beside(&Point::is_skipped);
    let tests = rows.len() + points.len();
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite");
    attribute("name", "tracer check", out);
    for (name, number) in
        [("tests", tests), ("failures", failures), ("errors", errors), ("skipped", skipped)]
    {
        attribute(name, &number.to_string(), out);
    }
    if !found.host.name.is_empty() {
        attribute("hostname", &found.host.name, out);
    }
    if found.host.wall_ns != 0 {
        let at = made(|out| time::rfc3339(found.host.wall(found.start), out));
        attribute("timestamp", &at, out);
    }
    out.push_str(">\n");
    properties(found, out);
    for row in rows {
        case(found, row, out);
    }
    for point in &points {
        beside_rules(point, out);
    }
    out.push_str("<system-out>");
    content(&made(|out| headline(found, out)), out);
    for line in remarks(found) {
        out.push('\n');
        content(&line, out);
    }
    out.push_str("</system-out>\n</testsuite>\n</testsuites>\n");
}

fn properties(found: &Findings<'_>, out: &mut String) {
    let Findings { report, host, coverage, .. } = found;
    out.push_str("<properties>\n");
    for (name, value) in [
        ("verdict", found.verdict().name().to_owned()),
        ("kernel", host.release.clone()),
        ("plan", coverage.plan().name().to_owned()),
        ("events", report.events.to_string()),
        ("lost", report.lost.to_string()),
    ] {
        out.push_str("<property");
        attribute("name", name, out);
        attribute("value", &value, out);
        out.push_str("/>\n");
    }
    out.push_str("</properties>\n");
}

fn is_skipped(found: &Findings<'_>, row: &Row) -> bool {
    found.policy.fails(row).is_none() && !matches!(row.verdict, Verdict::Holds | Verdict::Violated)
}

fn case(found: &Findings<'_>, row: &Row, out: &mut String) {
    out.push_str("<testcase");
    attribute("classname", row.rule.group.name(), out);
    attribute("name", row.rule.id, out);
    out.push_str(">\n");
    let why = reason(row);
    let said = if why.is_empty() {
        row.verdict.name().to_owned()
    } else {
        format!("{}: {why}", row.verdict.name())
    };
    let all = made(|out| found.violations(row).for_each(|one| violation(one, found.start, out)));
    match found.policy.fails(row) {
        Some(Verdict::Violated) => element("failure", row.rule.statement, &all, out),
        Some(_) => element("error", &said, "", out),
        None if is_skipped(found, row) => element("skipped", &said, "", out),
        // What does not count is said beside.
        None if row.verdict == Verdict::Violated => {
            out.push_str("<system-out>");
            content(&format!("warning: {}\n{all}", row.rule.statement), out);
            out.push_str("</system-out>\n");
        }
        None => {}
    }
    out.push_str("</testcase>\n");
}

/// What is judged beside the rules.
fn beside_rules(point: &Point, out: &mut String) {
    out.push_str("<testcase");
    attribute("classname", point.class, out);
    attribute("name", point.name, out);
    out.push_str(">\n");
    let said = point.lines.join("\n");
    let (first, rest) = said.split_once('\n').unwrap_or((&said, ""));
    match point.fails {
        Some(Verdict::Violated) => element("failure", first, rest, out),
        Some(_) => element("error", first, rest, out),
        None if point.is_skipped() => element("skipped", first, rest, out),
        None if !said.is_empty() => {
            out.push_str("<system-out>");
            content(&said, out);
            out.push_str("</system-out>\n");
        }
        None => {}
    }
    out.push_str("</testcase>\n");
}

/// One violation, as plain text.
pub(super) fn violation(violation: &Violation, start: u64, out: &mut String) {
    out.push_str("subject: ");
    subject(&violation.subject, out);
    out.push_str("\nexpected: ");
    escape::terminal(violation.expected.as_bytes(), out);
    out.push_str("\nobserved: ");
    escape::terminal(violation.observed.as_bytes(), out);
    out.push('\n');
    for event in &violation.events {
        out.push_str("shown by: ");
        sighting(event, start, out);
        out.push('\n');
    }
}

fn element(name: &str, message: &str, text: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    attribute("message", message, out);
    if text.is_empty() {
        out.push_str("/>\n");
        return;
    }
    out.push('>');
    content(text, out);
    out.push_str("</");
    out.push_str(name);
    out.push_str(">\n");
}

fn attribute(name: &str, value: &str, out: &mut String) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    content(value, out);
    out.push('"');
}

/// Appends text as XML has it. Lines stay lines; no other control may stand in XML in any form.
fn content(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push(c),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => escape::terminal(c.encode_utf8(&mut [0; 4]).as_bytes(), out),
            c => out.push(c),
        }
    }
}
