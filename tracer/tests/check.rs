//! `tracer check` as CI runs it: exit codes, reports, evidence. What needs a kernel that can be traced
//! is skipped where there is none, and says so.

#[path = "check/lie.rs"]
mod lie;
#[path = "check/limits.rs"]
mod limits;
#[path = "check/live.rs"]
mod live;
#[path = "check/made.rs"]
mod made;
#[path = "check/report.rs"]
mod report;
#[path = "check/shrink.rs"]
mod shrink;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use made::Made;

/// A directory that is gone with the test.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tracer-check-{}-{name}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A recording in it.
    fn recording(&self, name: &str, made: &Made) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, made.recording()).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// `tracer check` with these words and this file; it is not run by a CI.
fn check(words: &str, file: &Path) -> Output {
    command(words.split_whitespace()).arg(file).output().unwrap()
}

fn command<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracer"));
    command.arg("check").args(words).env_remove("GITHUB_STEP_SUMMARY");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What it printed.
fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// That it ended with a code.
fn ends(output: &Output, code: i32) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}\n{}", text(output));
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn a_legal_history_holds_and_a_changed_one_is_violated() {
    let dir = Dir::new("codes");
    let good = dir.recording("good.tracer", &Made::legal(50));
    let held = check("--only number-range", &good);
    ends(&held, 0);
    assert!(text(&held).starts_with("holds: 0 violated, 0 unknown, 1 hold, "), "{}", text(&held));

    let bad = dir.recording("bad.tracer", &Made::violated(50));
    let found = check("--only number-range", &bad);
    ends(&found, 3);
    let report = text(&found);
    assert!(report.starts_with("violated: 1 violated, "), "{report}");
    assert!(report.contains("violated: number-range (rule 4, strict), 1 of "), "{report}");
    // All rules together find it as well.
    ends(&check("", &bad), 3);
    // And who leaves the rule out does not hear of it.
    ends(&check("--only level-bound --skip number-range", &bad), 0);
    // From a pipe too.
    let piped =
        command(["--only", "4", "-"]).stdin(fs::File::open(&bad).unwrap()).output().unwrap();
    ends(&piped, 3);
    assert_eq!(text(&piped), report);
}

#[test]
fn what_is_damaged_is_unknown_and_a_violation_is_still_found() {
    let dir = Dir::new("damaged");
    for (made, code) in [(Made::legal(5000), 4), (Made::violated(5000), 3)] {
        let path = dir.recording("x.tracer", &made);
        let mut bytes = fs::read(&path).unwrap();
        // The end is cut off: the totals are not there, and maybe some records.
        bytes.truncate(bytes.len() - 100);
        fs::write(&path, &bytes).unwrap();
        let cut = check("--only number-range", &path);
        ends(&cut, code);
        assert!(text(&cut).contains("the recording is damaged in 1 places"), "{}", text(&cut));
    }
    let legal = dir.path("x.tracer");
    let mut bytes = Made::legal(5000).recording();
    let len = bytes.len();
    bytes.truncate(len - 100);
    fs::write(&legal, &bytes).unwrap();
    ends(&check("--only number-range --allow-unknown all", &legal), 0);
}

#[test]
fn lost_records_are_unknown_unless_that_is_allowed() {
    let dir = Dir::new("lost");
    let path = dir.recording("x.tracer", &Made::legal(20).lossy());
    let lossy = check("--only number-range", &path);
    ends(&lossy, 4);
    assert!(text(&lossy).contains("records are missing"), "{}", text(&lossy));
    ends(&check("--only number-range --allow-unknown number-range", &path), 0);
    ends(&check("--only number-range --allow-unknown unique-number", &path), 4);
    // Who leaves no rule out is told that it is not complete, and may allow that too.
    let whole = check("", &path);
    ends(&whole, 4);
    assert!(text(&whole).contains("NOT complete: 2 records missing before "), "{}", text(&whole));
    ends(&check("--allow-unknown all", &path), 0);
    let states = "--skip upid-level --allow-unknown completeness";
    ends(&check(states, &path), 4);
}

#[test]
fn what_is_required_must_have_been_judged() {
    let dir = Dir::new("required");
    let path = dir.recording("x.tracer", &Made::legal(5));
    ends(&check("--only number-range,unused-at-free", &path), 0);
    let missing = check("--only number-range,unused-at-free --require all", &path);
    ends(&missing, 4);
    let report = text(&missing);
    assert!(report.contains("required, but not judged: unused-at-free (uncovered)"), "{report}");
    ends(&check("--only number-range --require number-range", &path), 0);
    // Made by hand: no kernel has counted with it.
    ends(&check("--require completeness", &path), 4);
    ends(&check("--only number-range --require completeness", &path), 0);
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let dir = Dir::new("usage");
    let path = dir.recording("x.tracer", &Made::legal(5));
    for (words, part) in [
        ("--only uniqe-number", "unique-number"),
        ("--skip 0", "no rule"),
        ("--require everything", "no rule"),
        ("--format xml", "junit"),
        ("--json --format tap", "cannot be used with"),
        ("--duration 1s", "cannot be used with"),
        ("--lie births", "cannot be used with"),
        ("--max-zombies many", "invalid value"),
        ("--max-zombie-age soon", "no length of time"),
        ("--record y", "cannot be used with"),
        ("--shrink-rule 4", "--shrink"),
        ("--command-status", "COMMAND"),
        ("-o /nonexistent/report", "cannot write"),
        ("-", "cannot"),
    ] {
        let output = check(words, &path);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{words}: {said}");
        assert!(said.contains(part), "{words}: {said}");
    }
    // The report never takes the recording's place.
    let before = fs::read(&path).unwrap();
    let over = command(["-o"]).arg(&path).arg(&path).output().unwrap();
    ends(&over, 2);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn recordings_of_two_runs_are_not_one_history() {
    let dir = Dir::new("runs");
    let left = dir.recording("left.tracer", &Made::legal(5));
    let right = dir.recording("right.tracer", &Made::legal(5).run(7));
    let both = command([&left, &right]).output().unwrap();
    ends(&both, 2);
    assert!(String::from_utf8_lossy(&both.stderr).contains("two runs"));
}
