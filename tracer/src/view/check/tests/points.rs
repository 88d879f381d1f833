//! What is judged beside the rules, in each format.

use super::*;
use crate::{
    check::{Completeness, Counted},
    past::{self, Breach, Limit, Limits},
};

/// A report that holds, of a stream of which the kernel has made so many forks more than were seen.
fn report(unseen: u64) -> Report {
    let rows = vec![row("level-bound", Verdict::Holds, Form::Full)];
    let forks = Some(Counted { kernel: 9 + unseen, seen: 9 });
    let completeness = Completeness { forks, ..Completeness::default() };
    Report { rows, violations: vec![], events: 50, lost: 0, completeness }
}

/// One limit that is exceeded, and one that is not.
fn blamed(sure: bool) -> Blamed {
    let limits = Limits { max_zombies: Some(0), max_zombie_age: Some(1), ..Limits::default() };
    let (subject, text) = ("10 (<sh>)".into(), "zombies left: 3, allowed: 0 (<sh>)".into());
    let breaches = vec![Breach { limit: Limit::MaxZombies, subject, text, sure }];
    let findings = past::Findings { certain: true, ..past::Findings::default() };
    Blamed { findings, limits, breaches }
}

/// What `write` makes of it, and the verdict.
fn shown(
    report: &Report,
    blame: Option<&Blamed>,
    write: impl Fn(&Findings<'_>, &mut String),
) -> (String, Verdict) {
    let (host, coverage, policy) = (Host::default(), Coverage::default(), Policy::default());
    let found = Findings {
        report,
        policy: &policy,
        host: &host,
        coverage: &coverage,
        start: 0,
        damages: 0,
        blame,
        command: None,
    };
    (made(|out| write(&found, out)), found.verdict())
}

#[test]
fn what_is_not_complete_is_unknown_in_every_format() {
    let said = "NOT complete: the kernel made 2 forks that were not seen";
    let json = |found: &Findings<'_>, out: &mut String| Json::new(found.host).check(found, out);
    let people = |found: &Findings<'_>, out: &mut String| text(found, Style::default(), false, out);
    for (write, part) in [
        (&people as &dyn Fn(&Findings<'_>, &mut String), format!("  {said}\n")),
        (&junit, format!("name=\"completeness\">\n<error message=\"{said}\"/>\n")),
        (&tap, format!("not ok 2 - stream: completeness\n  ---\n  message: \"{said}\"\n")),
        (&github, format!("::error title=tracer%3A the verdict is unknown::{said}\n")),
        (&markdown, format!("| stream | completeness | unknown | | {said} |\n")),
        (&json, "\"complete\":false,\"completeness\":{\"forks\":{\"kernel\":11,\"seen\":9}".into()),
    ] {
        let (text, verdict) = shown(&report(2), None, write);
        assert!(text.contains(&part), "{part}\nis not in\n{text}");
        assert_eq!(verdict, Verdict::Unknown);
        assert_harmless(&text);
    }
    let (text, verdict) = shown(&report(0), None, json);
    assert!(text.contains("\"complete\":true"), "{text}");
    assert_eq!(verdict, Verdict::Holds);
}

#[test]
fn a_limit_is_a_test_case() {
    let json = |found: &Findings<'_>, out: &mut String| Json::new(found.host).check(found, out);
    let people = |found: &Findings<'_>, out: &mut String| text(found, Style::default(), false, out);
    for (write, parts) in [
        (
            &people as &dyn Fn(&Findings<'_>, &mut String),
            ["0 lost; 1 limit exceeded\n", "\nexceeded: max-zombies: zombies left: 3, "],
        ),
        (
            &junit,
            [
                "<testcase classname=\"limits\" name=\"max-zombies\">\n<failure message=\"zombies \
                 left: 3, allowed: 0 (&lt;sh&gt;)\"/>",
                "tests=\"4\" failures=\"1\" errors=\"0\" skipped=\"0\"",
            ],
        ),
        (&tap, ["not ok 3 - limits: max-zombies\n", "\nok 4 - limits: max-zombie-age\n"]),
        (&github, ["::error title=tracer%3A max-zombies exceeded::zombies left: 3", "\ntracer"]),
        (&markdown, ["| limits | max-zombies | violated | | zombies", "&lt;sh&gt;"]),
        (&json, ["{\"type\":\"breach\",\"limit\":\"max-zombies\"", "\"breaches\":1"]),
    ] {
        let (text, verdict) = shown(&report(0), Some(&blamed(true)), write);
        for part in parts {
            assert!(text.contains(part), "{part}\nis not in\n{text}");
        }
        assert_eq!(verdict, Verdict::Violated);
        assert_harmless(&text);
    }
    let (text, verdict) = shown(&report(0), Some(&blamed(false)), people);
    assert!(text.contains("\nunknown: max-zombies: zombies left: 3, "), "{text}");
    assert_eq!(verdict, Verdict::Unknown);
}
