//! `pid NR@NS FILE --at TIME`: whose a number was.

use std::fmt::Write as _;

use super::super::table::labelled;
use super::super::{Lines, Paint, escape, text, time};
use super::pieces::{certainty, identity, levels, vector};
use crate::filter::PidSpec;
use crate::model::NsKind;
use crate::past::{Answer, Lifetime, Since, Unknown};

/// Columns of the labels.
const LABEL: usize = 12;

/// Appends whose the number was at a time: its vector, from when to when, who that was, and how
/// certain that is; or that it was free, or why nobody knows.
pub fn answer(lines: &Lines, spec: PidSpec, ts: u64, answer: &Answer<'_>, out: &mut String) {
    let style = lines.style();
    let paint = match answer {
        Answer::Held { .. } => Paint::Strong,
        Answer::Free { .. } => Paint::End,
        Answer::Unknown { .. } => Paint::Alarm,
    };
    style.painted(paint, out, |out| {
        let _ = write!(out, "{}", spec.nr);
        if let Some(inum) = spec.ns {
            out.push('@');
            text::space(NsKind::Pid, inum, out);
        }
        out.push_str(" at ");
        point(lines, ts, out);
        match answer {
            Answer::Held { by, .. } => holder(by, ts, out),
            Answer::Free { .. } => out.push_str(": free"),
            Answer::Unknown { why, .. } => {
                out.push_str(": unknown, ");
                reason(lines, *why, out);
            }
        }
    });
    out.push('\n');
    match answer {
        Answer::Held { by, sure } => held(lines, by, *sure, out),
        Answer::Free { before, after } | Answer::Unknown { before, after, .. } => {
            for (name, lifetime) in [("before", before), ("after", after)] {
                let Some(lifetime) = lifetime else { continue };
                row(name, out, |out| {
                    vector(&lifetime.numbers, out);
                    named(lifetime, lifetime.until.unwrap_or(ts), out);
                    out.push_str(", ");
                    span(lines, lifetime, out);
                });
            }
        }
    }
}

fn row(label: &str, out: &mut String, value: impl FnOnce(&mut String)) {
    out.push_str("  ");
    labelled(label, LABEL, out, value);
    out.push('\n');
}

fn holder(by: &Lifetime, ts: u64, out: &mut String) {
    out.push_str(": ");
    vector(&by.numbers, out);
    named(by, ts, out);
}

fn held(lines: &Lines, by: &Lifetime, sure: bool, out: &mut String) {
    row("numbers", out, |out| levels(&by.numbers, out));
    if by.identity.known().is_some() {
        row("process id", out, |out| identity(&lines.host().boot_id, by.identity, out));
    }
    let first = by.numbers.first().map_or(0, |first| first.nr);
    if by.tgid != 0 && by.tgid != first {
        row("thread of", out, |out| out.push_str(&by.tgid.to_string()));
    }
    row("in use", out, |out| span(lines, by, out));
    row("certainty", out, |out| {
        let _ = write!(out, "{}: {}", by.certainty(), certainty(by.certainty));
        if !sure {
            out.push_str("; its end may have been lost before this time");
        }
    });
}

/// The name that a holder had at a time, with a blank before.
fn named(by: &Lifetime, ts: u64, out: &mut String) {
    let comm = by.name_at(ts);
    if !escape::name(&comm).is_empty() {
        out.push(' ');
        escape::comm(&comm, out);
    }
}

/// From when to when.
fn span(lines: &Lines, by: &Lifetime, out: &mut String) {
    out.push_str(match by.since {
        Since::Exact => "from ",
        Since::Start => "since before the recording, from ",
        Since::Before => "before and at ",
    });
    point(lines, by.from, out);
    match by.until {
        Some(until) => {
            out.push_str(if by.until_inferred { " until some time up to " } else { " until " });
            point(lines, until, out);
            out.push_str(" (");
            time::duration(until.saturating_sub(by.from), out);
            out.push(')');
        }
        None => out.push_str(" until the end of the recording"),
    }
}

fn reason(lines: &Lines, why: Unknown, out: &mut String) {
    let (text, ts) = match why {
        Unknown::Before(ts) => ("the recording knows no more until ", ts),
        Unknown::After(ts) => ("the recording ends at ", ts),
        Unknown::Lost { from, until } => {
            out.push_str("records were lost from ");
            point(lines, from, out);
            (" and made up for at ", until)
        }
        Unknown::Dropped(ts) => ("not kept: what ended before ", ts),
    };
    out.push_str(text);
    point(lines, ts, out);
}

/// A time, without the blanks of a column.
pub(super) fn point(lines: &Lines, ts: u64, out: &mut String) {
    if let Some(before) = lines.before_start(ts) {
        out.push('-');
        time::seconds(before, 6, out);
        return;
    }
    let stamp = text::made(|out| lines.stamp(ts, out));
    out.push_str(stamp.trim_start());
}
