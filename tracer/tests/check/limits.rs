//! Limits: what no rule forbids, and the caller does not tolerate.

use super::{Dir, check, command, ends, live::can_trace, made::Made, text};

/// Each in a command that a shell runs, the limit that it exceeds, and who is to blame.
const EXCEEDED: [(&str, &str, &str); 4] = [
    ("sh -c 'true & exec sleep 3' & sleep 2", "--max-zombies=0", "(sleep)"),
    ("sh -c 'true & exec sleep 3' & sleep 3; true", "--max-zombie-age=500ms", "(sleep)"),
    (
        "unshare --pid sh -c '/bin/true; /bin/true; exit 0'; true",
        "--max-failed-forks=0",
        "init is dead",
    ),
    ("unshare --net sleep 4 & sleep 1.5", "--no-leaked-namespaces", "net:["),
];

#[test]
fn a_limit_that_is_exceeded_is_a_verdict_and_without_it_is_only_told() {
    if !can_trace() {
        return;
    }
    for (script, limit, who) in EXCEEDED {
        let words = ["--only", "audit", limit, "--format", "tap", "--", "sh", "-c", script];
        let output = command(words).output().unwrap();
        ends(&output, 3);
        let (tap, name) = (text(&output), limit.trim_start_matches('-'));
        let name = name.split('=').next().unwrap_or_default();
        let point = format!("not ok {} - limits: {name}\n", tracer::check::ALL.len() + 2);
        assert!(tap.contains(&point) && tap.contains(who), "{limit}\n{tap}");
        let summary = "# violated: 0 violated, 0 unknown, 1 hold, ";
        assert!(tap.contains(summary) && tap.contains(" exceeded\n"), "{tap}");
    }
    let (script, _, who) = EXCEEDED[0];
    let output = command(["--only", "audit", "--", "sh", "-c", script]).output().unwrap();
    ends(&output, 0);
    let report = text(&output);
    assert!(report.contains("\nZOMBIES, BY PARENT\n") && report.contains(who), "{report}");
    // It is asked while it lives.
    assert!(report.contains("SIGCHLD"), "{report}");
}

#[test]
fn limits_are_held_against_recordings_too() {
    let dir = Dir::new("limits");
    let path = dir.recording("x.tracer", &Made::legal(5));
    let all = "--only number-range --max-zombies 0 --max-zombie-age 1s --no-leaked-namespaces";
    let output = check(&format!("{all} --format json"), &path);
    ends(&output, 0);
    let report = text(&output);
    assert!(
        report.contains("\"type\":\"findings\"") && report.contains("\"breaches\":0"),
        "{report}"
    );
    // This plan sees none of them: what is not seen is not tolerated in silence.
    let unseen = check("--only number-range --max-failed-forks 9", &path);
    ends(&unseen, 4);
    let said = "max-failed-forks: failed forks cannot be seen here";
    assert!(text(&unseen).contains(said), "{}", text(&unseen));
    ends(&check("--only number-range --max-failed-forks 9 --allow-unknown all", &path), 0);
    // After a loss some may have stood unseen.
    let lossy = dir.recording("y.tracer", &Made::legal(20).lossy());
    ends(&check("--only level-bound --allow-unknown level-bound --max-zombie-age 1s", &lossy), 4);
}
