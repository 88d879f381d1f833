//! Rules for people: a list, and one in full.

use super::{safe, text::short};
use crate::{
    check::{Form, Need, Rule, Scope, Severity},
    coverage::Coverage,
    view::{Paint, Style, style::width},
};

/// Columns of a line of text.
const LINE: usize = 96;

/// Where the values of an explanation begin.
const COLUMN: usize = 12;

/// Appends the rules, by group. With a coverage, in which form they can be judged by it.
pub fn list(rules: &[&Rule], coverage: Option<&Coverage>, style: Style, out: &mut String) {
    let mut rules = rules.to_vec();
    rules.sort_by_key(|rule| (rule.group, rule.number));
    let mut before = None;
    for rule in rules {
        if before.replace(rule.group) != Some(rule.group) {
            out.push_str(if out.is_empty() { "" } else { "\n" });
            style.paint(Paint::Strong, rule.group.name(), out);
            out.push('\n');
        }
        let form = coverage.map(|coverage| Form::of(rule, coverage));
        let here = form.as_ref().map(here).unwrap_or_default();
        let head = format!(
            "{:>4}  {:<24}{:<8}{}",
            rule.number,
            rule.id,
            rule.severity.name(),
            short(&here, style)
        );
        style.paint(form.as_ref().map_or(Paint::Plain, paint), head.trim_end(), out);
        out.push('\n');
        lines(rule.statement, 6, out);
    }
}

/// Appends all that there is to say of one rule.
pub fn explain(rule: &Rule, coverage: Option<&Coverage>, style: Style, out: &mut String) {
    style.paint(Paint::Strong, &format!("{} (rule {})", rule.id, rule.number), out);
    out.push('\n');
    lines(rule.statement, 0, out);
    out.push('\n');
    let severity = match rule.severity {
        Severity::Strict => "strict: the kernel enforces it",
        Severity::Soft => "soft: mostly so, a violation is worth a look",
    };
    let scope = match rule.scope {
        Scope::Event => "events: one that is lost was not judged, for good",
        Scope::State => "the tables, which the next sweep repairs after a loss",
    };
    fact("group", rule.group.name(), out);
    fact("severity", severity, out);
    fact("judged on", scope, out);
    fact("source", rule.source, out);
    fact("needs", &needs(rule.needs), out);
    if let Some(weaker) = &rule.weaker {
        fact("weaker form", weaker.statement, out);
        fact("", &format!("needs: {}", needs(weaker.needs)), out);
    }
    for (at, exception) in rule.exceptions.iter().enumerate() {
        fact(if at == 0 { "exceptions" } else { "" }, exception, out);
    }
    fact("trips", rule.trips, out);
    fact("near miss", rule.near_miss, out);
    if let Some(coverage) = coverage {
        fact("here", &here(&Form::of(rule, coverage)), out);
    }
}

/// What a rule must see, in words.
pub(in crate::view) fn needs(needs: &[Need]) -> String {
    let named: Vec<_> = needs.iter().map(|&need| self::need(need)).collect();
    if named.is_empty() {
        "nothing but the tasks and their events".into()
    } else {
        named.join(", ")
    }
}

/// One thing that a rule must see.
pub(in crate::view) fn need(need: Need) -> &'static str {
    match need {
        Need::Fact(fact) => fact.name(),
        Need::PidIno => "pid->ino",
        Need::GroupDead => "group_dead",
        Need::Unread(_) => "what this tracer does not read",
    }
}

/// In which form a rule can be judged.
fn here(form: &Form) -> String {
    match form {
        Form::Full => "whole".into(),
        Form::Weaker(why) => format!("weaker: {}", safe(why)),
        Form::Uncovered(why) => format!("uncovered: {}", safe(why)),
        Form::Skipped => "left out".into(),
    }
}

fn paint(form: &Form) -> Paint {
    match form {
        Form::Full => Paint::Birth,
        Form::Weaker(_) => Paint::End,
        Form::Uncovered(_) | Form::Skipped => Paint::Dim,
    }
}

/// A name and its value, which may take several lines.
fn fact(name: &str, value: &str, out: &mut String) {
    let from = out.len();
    lines(value, COLUMN, out);
    if out.get(from..from + name.len()).is_some_and(|blank| blank.trim().is_empty()) {
        out.replace_range(from..from + name.len(), name);
    }
}

/// A text in lines, each behind so many blanks.
pub(super) fn lines(text: &str, indent: usize, out: &mut String) {
    let mut column = 0;
    for word in text.split_whitespace() {
        if column > 0 && column + 1 + width(word) > LINE {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(&" ".repeat(indent));
            column = indent;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width(word);
    }
    out.push('\n');
}
