//! The report as workflow commands of GitHub Actions, and as a table for a job's summary.

use super::{Findings, grade, headline, junit::violation, plural, reason, remarks, safe};
use crate::{
    check::{Form, Verdict},
    view::{digits::push, text::made},
};

/// Rules that one annotation names.
const NAMED: usize = 12;

/// Appends an annotation for each rule that is violated, one for all that are unknown, and the
/// verdict.
pub fn github(found: &Findings<'_>, out: &mut String) {
    for (row, first) in found.violated() {
        let level = if found.counts(row) { "error" } else { "warning" };
        let text = made(|out| {
            out.push_str(row.rule.statement);
            out.push('\n');
            if let Some(first) = first {
                violation(first, found.start, out);
            }
        });
        let title = format!(
            "tracer: {} {} ({} of {})",
            row.rule.id,
            grade(row, found.counts(row)),
            row.violated,
            plural(row.tested, "test")
        );
        command(level, &title, text.trim_end(), out);
    }
    for point in found.points() {
        if point.fails == Some(Verdict::Violated) {
            let title = format!("tracer: {} exceeded", point.name);
            command("error", &title, &point.lines.join("\n"), out);
        }
    }
    let unknown: Vec<_> = found.unknown().map(|row| row.rule.id).collect();
    if found.verdict() == Verdict::Unknown {
        let mut text = remarks(found);
        if !unknown.is_empty() {
            let more = unknown.len().saturating_sub(NAMED);
            let named: Vec<_> = unknown.iter().take(NAMED).copied().collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            text.push(format!("not judged: {}{more}", named.join(", ")));
        }
        command("error", "tracer: the verdict is unknown", &text.join("\n"), out);
    }
    out.push_str("tracer check: ");
    headline(found, out);
    out.push('\n');
}

/// Appends a table in Markdown of what does not simply hold.
pub fn markdown(found: &Findings<'_>, out: &mut String) {
    out.push_str("### tracer check: ");
    headline(found, out);
    out.push_str("\n\n");
    for line in remarks(found) {
        out.push_str("- ");
        cell(&line, out);
        out.push('\n');
    }
    let plain = |verdict, form: &Form| verdict == Verdict::Holds && *form == Form::Full;
    let rows = found.report.rows.iter().filter(|row| !plain(row.verdict, &row.form));
    out.push_str("\n| group | rule | verdict | tested | note |\n|---|---|---|---:|---|\n");
    for row in rows {
        let first = found.violations(row).next();
        let note = first.map_or_else(|| reason(row), |first| safe(&first.observed));
        for text in [row.rule.group.name(), row.rule.id, row.verdict.name()] {
            out.push_str("| ");
            out.push_str(text);
            out.push(' ');
        }
        out.push_str("| ");
        push(row.tested, out);
        out.push_str(" | ");
        cell(&note, out);
        out.push_str(" |\n");
    }
    for point in found.points().iter().filter(|point| point.verdict != Verdict::Holds) {
        for text in [point.class, point.name, point.verdict.name()] {
            out.push_str("| ");
            out.push_str(text);
            out.push(' ');
        }
        out.push_str("| | ");
        cell(&point.lines.join("; "), out);
        out.push_str(" |\n");
    }
}

/// Appends text that means nothing in Markdown.
fn cell(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '@' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
}

/// One workflow command.
fn command(level: &str, title: &str, text: &str, out: &mut String) {
    out.push_str("::");
    out.push_str(level);
    out.push_str(" title=");
    escaped(title, true, out);
    out.push_str("::");
    escaped(text, false, out);
    out.push('\n');
}

/// Appends text as the runner unescapes it; in a property more stands for something else.
fn escaped(text: &str, property: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' if property => out.push_str("%3A"),
            ',' if property => out.push_str("%2C"),
            c => out.push(c),
        }
    }
}
