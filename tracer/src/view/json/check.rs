//! What `check` has found, and the rules.

use super::{Json, Object, event};
use crate::{
    check::{Completeness, Form, Rule, Scope, Violation},
    coverage::Coverage,
    event::NO_CPU,
    view::{
        check::{Findings, need, needs},
        names,
    },
};

impl Json {
    /// Appends a line for each violation and each rule, who is to blame, and the last line, with the
    /// verdict.
    pub fn check(&self, found: &Findings<'_>, out: &mut String) {
        for violation in &found.report.violations {
            self.violation(violation, out);
        }
        for row in &found.report.rows {
            let mut line = Object::line("rule", out);
            named(row.rule, &mut line);
            line.str("verdict", row.verdict.name());
            form(&row.form, &mut line);
            line.number("tested", row.tested);
            line.number("violated", row.violated);
            line.number("doubted", row.doubted);
            line.flag("fails", found.policy.fails(row).is_some());
            line.end();
        }
        if let Some(blamed) = found.blame {
            for breach in &blamed.breaches {
                self.breach(breach, out);
            }
            self.findings(&blamed.findings, out);
        }
        let counts = found.report.counts();
        let mut line = Object::line("summary", out);
        line.str("verdict", found.verdict().name());
        line.number("events", found.report.events);
        line.number("lost", found.report.lost);
        for (name, count) in [
            ("holds", counts.holds),
            ("violated", counts.violated),
            ("unknown", counts.unknown),
            ("untested", counts.untested),
            ("uncovered", counts.uncovered),
            ("damages", found.damages),
        ] {
            line.number(name, count as u64);
        }
        let known = &found.report.completeness;
        if known.is_witnessed() || !known.is_complete() {
            line.flag("complete", known.is_complete());
        }
        completeness(known, &mut line);
        if let Some(blamed) = found.blame {
            line.number("breaches", blamed.breaches.len() as u64);
        }
        if let Some(command) = found.command {
            event::ended(names::Ended::from_wait(command.status), &mut line);
        }
        line.end();
    }

    /// Appends the line of one violation.
    fn violation(&self, violation: &Violation, out: &mut String) {
        let Violation { rule, subject, expected, observed, events, ts } = violation;
        let mut line = Object::line("violation", out);
        self.times(*ts, &mut line);
        named(rule, &mut line);
        let mut whom = line.object("subject");
        whom.str("what", subject.what.name());
        whom.id("key", subject.key);
        whom.known("pid", subject.tgid);
        if !subject.vector.is_empty() {
            whom.numbers("ns_pids", subject.vector.iter().copied());
        }
        let comm = crate::view::escape::name(&subject.comm);
        if !comm.is_empty() {
            whom.text("comm", comm);
        }
        whom.known("inum", subject.inum);
        whom.close();
        line.text("expected", expected.as_bytes());
        line.text("observed", observed.as_bytes());
        line.array("events", events, |event, out| {
            let mut item = Object::item(out);
            item.number("index", event.index);
            item.number("ts", event.ts);
            if event.cpu != NO_CPU {
                item.number("cpu", event.cpu);
            }
            item.str("kind", names::record(event.kind));
            item.number("seq", event.seq);
            item.known("actor", event.actor_tid);
            item.close();
        });
        line.end();
    }

    /// Appends a line for each rule, and the last line; with a coverage, in which form each can be
    /// judged by it (`invariants`).
    pub fn invariants(rules: &[&Rule], coverage: Option<&Coverage>, out: &mut String) {
        for rule in rules {
            invariant(rule, coverage, out);
        }
        let mut line = Object::line("summary", out);
        line.number("rules", rules.len() as u64);
        if let Some(coverage) = coverage {
            let forms: Vec<_> = rules.iter().map(|rule| Form::of(rule, coverage)).collect();
            let count = |test: fn(&Form) -> bool| forms.iter().filter(|form| test(form)).count();
            line.number("whole", count(|form| *form == Form::Full) as u64);
            line.number("weaker", count(|form| matches!(form, Form::Weaker(_))) as u64);
            line.number("uncovered", count(|form| !form.is_judged()) as u64);
        }
        line.end();
    }
}

/// Appends the line of one rule.
fn invariant(rule: &Rule, coverage: Option<&Coverage>, out: &mut String) {
    let mut line = Object::line("invariant", out);
    named(rule, &mut line);
    line.str("judged_on", if rule.scope == Scope::Event { "events" } else { "tables" });
    line.text("statement", rule.statement.as_bytes());
    line.text("source", rule.source.as_bytes());
    let names: Vec<_> = rule.needs.iter().map(|&one| need(one)).collect();
    line.texts("needs", &names);
    if let Some(weaker) = &rule.weaker {
        line.text("weaker", weaker.statement.as_bytes());
        line.text("weaker_needs", needs(weaker.needs).as_bytes());
    }
    line.texts("exceptions", rule.exceptions);
    line.text("trips", rule.trips.as_bytes());
    line.text("near_miss", rule.near_miss.as_bytes());
    if let Some(coverage) = coverage {
        form(&Form::of(rule, coverage), &mut line);
    }
    line.end();
}

/// What the kernel's own counts say of what was seen.
fn completeness(known: &Completeness, line: &mut Object<'_>) {
    let mut object = line.object("completeness");
    for (name, counted) in [("forks", &known.forks), ("tasks", &known.tasks)] {
        if let Some(counted) = counted {
            let mut both = object.object(name);
            both.number("kernel", counted.kernel);
            both.number("seen", counted.seen);
            both.close();
        }
    }
    object.array("ns", &known.uncounted, |(inum, counted), out| {
        let mut item = Object::item(out);
        item.number("inum", *inum);
        item.number("kernel", counted.kernel);
        item.number("seen", counted.seen);
        item.close();
    });
    object.array("numbers", &known.numbers, |numbers, out| {
        let mut item = Object::item(out);
        item.number("inum", numbers.inum);
        item.number("from", numbers.from);
        item.number("to", numbers.to);
        item.close();
    });
    object.array("gaps", &known.gaps, |gap, out| {
        let mut item = Object::item(out);
        item.known("since", gap.since);
        item.number("until", gap.until);
        item.number("count", gap.count);
        item.close();
    });
    object.close();
}

fn named(rule: &Rule, line: &mut Object<'_>) {
    line.str("rule", rule.id);
    line.number("number", u32::from(rule.number));
    line.str("group", rule.group.name());
    line.str("severity", rule.severity.name());
}

fn form(form: &Form, line: &mut Object<'_>) {
    let (name, why) = match form {
        Form::Full => ("whole", None),
        Form::Weaker(why) => ("weaker", Some(why)),
        Form::Uncovered(why) => ("uncovered", Some(why)),
        Form::Skipped => ("left_out", None),
    };
    line.str("form", name);
    if let Some(why) = why {
        line.text("reason", why.as_bytes());
    }
}
