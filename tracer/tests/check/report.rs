//! Reports: where they go, and that each format is what it says.

use std::fs;

use super::{Dir, check, command, ends, made::Made, text};

/// How many rules there are; beside them, whether the stream is complete is a test.
const RULES: usize = tracer::check::ALL.len();

#[test]
fn json_begins_with_a_header_and_ends_with_the_verdict() {
    let dir = Dir::new("json");
    let path = dir.recording("bad.tracer", &Made::violated(5));
    for words in ["--json --only 4", "--format json --only 4"] {
        let output = check(words, &path);
        ends(&output, 3);
        let lines: Vec<serde_json::Value> =
            text(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        assert_eq!((&first["type"], &first["schema"]), (&"header".into(), &1.into()));
        assert_eq!((&last["type"], &last["verdict"]), (&"summary".into(), &"violated".into()));
        assert_eq!(lines.iter().filter(|line| line["type"] == "rule").count(), RULES);
        let violation = lines.iter().find(|line| line["type"] == "violation").unwrap();
        assert_eq!(violation["rule"], "number-range");
        assert_eq!(violation["subject"]["ns_pids"], serde_json::json!([5_000_000]));
        assert!(violation["events"].as_array().is_some_and(|events| !events.is_empty()));
    }
}

#[test]
fn a_report_in_a_file_replaces_the_one_before_and_the_terminal_has_the_text() {
    let dir = Dir::new("file");
    let path = dir.recording("bad.tracer", &Made::violated(5));
    let report = dir.path("report.xml");
    fs::write(&report, "x".repeat(1 << 20)).unwrap();
    let mut words = command(["--only", "4", "--format", "junit", "-o"]);
    let output = words.arg(&report).arg(&path).output().unwrap();
    ends(&output, 3);
    let xml = fs::read_to_string(&report).unwrap();
    assert!(xml.starts_with("<?xml ") && xml.ends_with("</testsuites>\n"), "{xml}");
    let tests = format!(" tests=\"{}\" failures=\"1\" errors=\"0\" ", RULES + 1);
    assert!(xml.contains(&tests), "{xml}");
    assert_eq!(text(&output), text(&check("--only 4", &path)));
}

#[test]
fn tap_plans_a_test_point_for_each_rule() {
    let dir = Dir::new("tap");
    let path = dir.recording("bad.tracer", &Made::violated(5));
    let output = check("--format tap --only 4", &path);
    ends(&output, 3);
    let tap = text(&output);
    assert!(tap.starts_with(&format!("TAP version 14\n1..{}\n", RULES + 1)), "{tap}");
    let points = |word: &str| tap.lines().filter(|line| line.starts_with(word)).count();
    assert_eq!((points("ok "), points("not ok ")), (RULES, 1), "{tap}");
}

#[test]
fn github_gets_annotations_and_a_table_for_its_summary() {
    let dir = Dir::new("github");
    let path = dir.recording("bad.tracer", &Made::violated(5));
    let summary = dir.path("summary.md");
    fs::write(&summary, "before\n").unwrap();
    let mut words = command(["--only", "4", "--format", "github"]);
    let output = words.arg(&path).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
    ends(&output, 3);
    let said = text(&output);
    assert!(said.starts_with("::error title=tracer%3A number-range violated"), "{said}");
    let table = fs::read_to_string(&summary).unwrap();
    assert!(table.starts_with("before\n### tracer check: violated"), "{table}");
    assert!(table.contains("| pid | number-range | violated | "), "{table}");
    // Other formats leave it alone.
    let mut words = command(["--only", "4"]);
    ends(&words.arg(&path).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap(), 3);
    assert_eq!(fs::read_to_string(&summary).unwrap(), table);
}
