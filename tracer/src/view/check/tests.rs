//! Each format, on a report that is made by hand.

mod points;

use super::*;
use crate::{
    check::{Completeness, find},
    view::{Json, Style},
};

/// A row of a rule.
fn row(id: &str, verdict: Verdict, form: Form) -> Row {
    let rule = find(id).unwrap();
    let violated = u64::from(verdict == Verdict::Violated) * 2;
    let tested = if verdict >= Verdict::Unknown || verdict == Verdict::Holds { 9 } else { 0 };
    Row { rule, form, verdict, tested, violated, doubted: 0 }
}

/// A violation by a task with a hostile name.
fn violation(id: &str, observed: &str) -> Violation {
    let mut seen = Sighting::default();
    (seen.index, seen.ts, seen.cpu, seen.kind) = (41, 3_500_000_000, 2, 1);
    (seen.seq, seen.actor_tid) = (7, 10);
    let subject = Subject {
        vector: vec![6427, 235, 7],
        tgid: 6400,
        comm: *b"a\x1b[2J<&>\"'%:,\n\0\0",
        ..Subject::task_named(5, 6427, 6400)
    };
    let rule = find(id).unwrap();
    Violation {
        rule,
        subject,
        expected: "one <pid>".into(),
        observed: observed.into(),
        events: vec![seen],
        ts: 3_500_000_000,
    }
}

/// One rule of each verdict and form: number 6 is violated, so is number 11, which is soft.
fn report() -> Report {
    let rows = vec![
        row("level-bound", Verdict::Holds, Form::Full),
        row("upid-level", Verdict::Holds, Form::Weaker("fork is not seen".into())),
        row("number-range", Verdict::Unknown, Form::Full),
        row("unique-number", Verdict::Violated, Form::Full),
        row("publish-once", Verdict::Untested, Form::Full),
        row("unused-at-free", Verdict::Uncovered, Form::Uncovered("free_pid: \x1b# no".into())),
        row("cyclic-order", Verdict::Violated, Form::Full),
        row("rooted", Verdict::Uncovered, Form::Skipped),
    ];
    let violations = vec![
        violation("unique-number", "two\nof 100%: a, b"),
        violation("cyclic-order", "\u{202e}]]>--"),
    ];
    Report { rows, violations, events: 50, lost: 3, completeness: Completeness::default() }
}

/// What `write` makes of the report.
fn shown(policy: &Policy, write: impl Fn(&Findings<'_>, &mut String)) -> String {
    let host = Host { release: "6.12.0".into(), name: "<h&>".into(), ..Host::default() };
    let found = Findings {
        report: &report(),
        policy,
        host: &host,
        coverage: &Coverage::default(),
        start: 1_000_000_000,
        damages: 0,
        blame: None,
        command: Some(Command { status: 256 }),
    };
    made(|out| write(&found, out))
}

/// No format lets a control character out, but for the ends of lines.
fn assert_harmless(text: &str) {
    let harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(harmful), "{text:?}");
}

#[test]
fn the_text_has_the_verdict_first_and_all_that_shows_a_violation() {
    let text = shown(&Policy::default(), |found, out| {
        text(found, Style::default(), false, out);
    });
    assert_harmless(&text);
    let head =
        "violated: 2 violated, 1 unknown, 2 hold, 1 untested, 2 uncovered; 50 events, 3 lost";
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(head));
    let rest: Vec<_> = lines.collect();
    for line in [
        "violated: unique-number (rule 6, strict), 2 of 9 tests",
        "  subject   task 6427/235/7 ('a\\x1b[2J<&>\"\\'%:,\\n') of process 6400",
        "  expected  one <pid>",
        "  observed  two\\nof 100%: a, b",
        "  shown by  #41  +2.500000s  cpu 2  fork by 10",
        "warning: cyclic-order (rule 11, soft), 2 of 9 tests",
        "  3 records are missing",
        "  the command ended: code 1",
        "  left out: 1 rule",
        "  uncovered, as free_pid: \\x1b# no: unused-at-free",
        "  untested: publish-once",
    ] {
        assert!(rest.contains(&line), "{line}\nis not in\n{text}");
    }
    // What simply holds is in the counts alone.
    assert!(!text.contains("level-bound"), "{text}");
    let table = |id: &str| rest.iter().find(|line| line.contains(id)).copied().unwrap_or_default();
    assert!(table("upid-level").ends_with("weaker: fork is not seen"), "{text}");
    assert!(table("number-range").contains("unknown        9  records are missing"), "{text}");
}

#[test]
fn every_rule_is_listed_where_that_is_asked_for() {
    let text = shown(&Policy::default(), |found, out| {
        text(found, Style::default(), true, out);
    });
    for row in &report().rows {
        let id = format!(" {} ", row.rule.id);
        assert!(text.lines().any(|line| line.contains(&id)), "{id}\n{text}");
    }
    assert!(!text.contains("untested: "), "{text}");
}

#[test]
fn a_test_point_is_a_rule() {
    let text = shown(&Policy::default(), tap);
    assert_harmless(&text);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.get(..2), Some(&["TAP version 14", "1..9"][..]));
    for line in [
        "ok 1 - pid: level-bound",
        "ok 2 - pid: upid-level",
        "not ok 3 - pid: number-range",
        "not ok 4 - pid: unique-number",
        "ok 5 - pid: publish-once # SKIP untested",
        "ok 6 - pid: unused-at-free # SKIP uncovered: free_pid: \\x1b\\# no",
        "not ok 7 - pid: cyclic-order # TODO soft",
        "ok 8 - task: rooted # SKIP uncovered: left out",
        "ok 9 - stream: completeness # SKIP whether it is complete is not known: the kernel's own \
         counts are missing",
        "  verdict: \"violated\"",
        "      observed: \"two\\nof 100%: a, b\"",
        "        - \"#41  +2.500000s  cpu 2  fork by 10\"",
        "# 3 records are missing",
    ] {
        assert!(lines.contains(&line), "{line}\nis not in\n{text}");
    }
    // Blocks are opened and closed in turn, each behind a test point that is not ok.
    let blocks = lines.iter().filter(|&&line| line == "  ---").count();
    assert_eq!(blocks, lines.iter().filter(|line| line.starts_with("not ok")).count());
    assert_eq!(blocks, lines.iter().filter(|&&line| line == "  ...").count());
}

/// What is wrong with an XML text, as far as this report uses XML.
fn ill_formed(xml: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    while let Some((text, behind)) = rest.split_once('<') {
        for piece in text.split('&').skip(1) {
            let entity = piece.split_once(';').map(|(entity, _)| entity);
            if !matches!(entity, Some("amp" | "lt" | "gt" | "quot" | "apos")) {
                return Some(format!("& stands in {text}"));
            }
        }
        let (tag, after) = behind.split_once('>')?;
        rest = after;
        if tag.split('"').skip(1).step_by(2).any(|value| value.contains('<')) {
            return Some(format!("< stands in {tag}"));
        }
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return Some(format!("</{name}> closes nothing"));
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next()?);
        }
    }
    (!open.is_empty() || rest != "\n").then(|| format!("{open:?} {rest}"))
}

#[test]
fn junit_is_well_formed_and_says_which_rules_fail() {
    let text = shown(&Policy::default(), junit);
    assert_harmless(&text);
    assert_eq!(ill_formed(&text), None, "{text}");
    for part in [
        "tests=\"9\" failures=\"1\" errors=\"1\" skipped=\"4\" hostname=\"&lt;h&amp;&gt;\"",
        "<testcase classname=\"pid\" name=\"unique-number\">\n<failure message=",
        "task 6427/235/7 (&apos;a\\x1b[2J&lt;&amp;&gt;&quot;\\&apos;%:,\\n&apos;) of process 6400",
        "<error message=\"unknown: records are missing\"/>",
        "<skipped message=\"uncovered: free_pid: \\x1b# no\"/>",
        "<system-out>warning: ",
        "]]&gt;--",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert!(ill_formed("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a><b></a></b>\n").is_some());
}

#[test]
fn annotations_are_escaped_as_the_runner_reads_them() {
    let text = shown(&Policy::default(), github);
    assert_harmless(&text);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let title = "::error title=tracer%3A unique-number violated (2 of 9 tests)::";
    assert!(lines[0].starts_with(title), "{text}");
    assert!(lines[0].contains("%0Aobserved: two\\nof 100%25: a, b%0A"), "{text}");
    assert!(lines[1].starts_with("::warning title=tracer%3A cyclic-order warning"), "{text}");
    assert!(lines[2].starts_with("tracer check: violated: 2 violated"), "{text}");

    let soft = shown(&Policy { soft: true, ..Policy::default() }, github);
    assert!(soft.contains("::error title=tracer%3A cyclic-order"), "{soft}");
    let table = shown(&Policy::default(), markdown);
    assert_harmless(&table);
    assert!(
        table.contains("\n| pid | unique-number | violated | 9 | two\\\\nof 100%: a, b |\n"),
        "{table}"
    );
    assert!(!table.contains("level-bound"), "{table}");
}

#[test]
fn json_has_an_object_for_each_violation_and_each_rule() {
    let text = shown(&Policy::default(), |found, out| Json::new(found.host).check(found, out));
    assert_harmless(&text);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types[..3], ["violation", "violation", "rule"]);
    assert_eq!((types.len(), types[10]), (11, "summary"));
    let first = &lines[0];
    assert_eq!((&first["rule"], &first["number"]), (&"unique-number".into(), &6.into()));
    assert_eq!(first["subject"]["ns_pids"], serde_json::json!([6427, 235, 7]));
    assert_eq!(first["observed"], "two\nof 100%: a, b");
    assert_eq!(first["events"][0]["kind"], "fork");
    assert_eq!(lines[4]["verdict"], "unknown");
    assert_eq!(lines[7]["reason"], "free_pid: \u{1b}# no");
    let last = &lines[10];
    assert_eq!((&last["verdict"], &last["lost"]), (&"violated".into(), &3.into()));
    for (name, count) in
        [("holds", 2), ("violated", 2), ("unknown", 1), ("untested", 1), ("uncovered", 2)]
    {
        assert_eq!(last[name], count, "{name}");
    }
    assert_eq!(last["exit_code"], 1);
}

#[test]
fn rules_are_told_in_lines_that_fit() {
    let rules: Vec<_> = crate::check::ALL.to_vec();
    for coverage in [None, Some(&Coverage::default())] {
        let list = made(|out| list(&rules, coverage, Style::default(), out));
        for rule in &rules {
            let full = made(|out| explain(rule, coverage, Style::default(), out));
            assert!(full.contains(rule.id) && full.contains("\ngroup "), "{full}");
            let head = format!("{:>4}  {}", rule.number, rule.id);
            assert!(list.lines().any(|line| line.starts_with(&head)), "{head}\n{list}");
        }
        assert!(list.lines().all(|line| line.chars().count() <= 110), "{list}");
    }
}

#[test]
fn rules_as_json_end_with_what_can_be_judged() {
    let rules = crate::check::ALL;
    let told = |coverage: Option<&Coverage>| -> Vec<serde_json::Value> {
        let text = made(|out| Json::invariants(&rules, coverage, out));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let lines = told(Some(&Coverage::default()));
    assert_eq!(lines.len(), rules.len() + 1);
    assert_eq!((&lines[0]["type"], &lines[0]["number"]), (&"invariant".into(), &1.into()));
    assert!(lines[..rules.len()].iter().all(|line| line["form"].is_string()));
    let last = &lines[rules.len()];
    let sum = ["whole", "weaker", "uncovered"].map(|name| last[name].as_u64().unwrap());
    assert_eq!(sum.iter().sum::<u64>(), rules.len() as u64);
    let lines = told(None);
    assert!(lines.iter().all(|line| line["form"].is_null() && line["whole"].is_null()));
}
