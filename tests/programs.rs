//! The scenario programs, and programs of others, by themselves: they work here without a tracer,
//! and leave nothing behind.

use std::fs;
use std::process::{Command, Output};

/// The program under test.
const SCENARIOS: &str = env!("CARGO_BIN_EXE_scenarios");

/// Runs it with arguments.
fn scenarios(args: &[&str]) -> Output {
    Command::new(SCENARIOS).args(args).env_remove("SCENARIO_TRUTH").output().unwrap()
}

/// Its output as text.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether the tests may make namespaces; says so if not.
fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t0"));
    if !root {
        eprintln!("skipped: scenarios make namespaces and cgroups, which needs root");
    }
    root
}

#[test]
fn every_scenario_has_a_name_and_a_sentence() {
    let names = text(&scenarios(&["list"]));
    let sentences = text(&scenarios(&["list", "--long"]));
    assert!(names.lines().count() > 20);
    for (name, sentence) in names.lines().zip(sentences.lines()) {
        assert!(sentence.starts_with(name) && sentence.ends_with('.'), "{sentence}");
    }
}

#[test]
fn every_program_of_others_has_a_name_and_a_sentence() {
    let list = text(&scenarios(&["programs", "list"]));
    assert!(list.lines().count() > 20);
    assert!(list.lines().all(|line| line.contains(' ') && line.ends_with('.')), "{list}");
}

#[test]
fn a_shell_with_jobs_is_performed_and_leaves_nothing_running() {
    let folder = std::env::temp_dir().join(format!("tracer-shell-{}", std::process::id()));
    let output = scenarios(&["perform", "bash-jobs", folder.to_str().unwrap()]);
    let ended = fs::read_to_string(folder.join("ended")).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success());
    assert_eq!(ended.lines().next(), Some("exit 0"));
    assert!(ended.lines().nth(1).unwrap().parse::<u32>().unwrap() > 8, "{ended}");
}

#[test]
fn what_is_not_understood_ends_with_2() {
    for args in [
        &["programs", "--only", "x"][..],
        &["run", "no_such_scenario"],
        &["hold", "plain_fork"],
        &["nonsense"],
        &[],
    ] {
        let output = scenarios(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(!output.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn every_scenario_can_be_done_here_and_leaves_nothing_behind() {
    if !is_root() {
        return;
    }
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let output = scenarios(&["try"]);
    let report = text(&output);
    assert!(output.status.success(), "{report}");
    assert!(report.lines().count() > 28, "{report}");
    for line in report.lines().filter(|line| line.contains(" skip ")) {
        eprintln!("skipped: {line}");
    }
    assert_eq!(mounts, fs::read_to_string("/proc/self/mounts").unwrap());
    let left = fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let left: Vec<_> = left
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("tracer-tests-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_truth_of_a_fork_is_whole() {
    let output = scenarios(&["run", "plain_fork"]);
    assert!(output.status.success());
    let truth = text(&output);
    for kind in ["exec", "fork", "alloc_pid", "exit", "release", "free_pid"] {
        assert!(truth.contains(&format!("\"type\":\"{kind}\"")), "{kind} is missing in {truth}");
    }
    assert_eq!(truth.lines().last(), Some("{\"done\":true}"));
}
