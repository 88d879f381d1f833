//! The checks against legal histories and mutants of them, in short; `cargo xtask mutate` does it at
//! length.

use std::{fs, path::Path};

use tracer::check::Group;
use tracer_tests::mutate::{History, Options, judge, run};

/// What simulated and recorded kernels do is legal, and most faults in it are found.
#[test]
fn legal_histories_hold_and_mutants_of_them_do_not() {
    let recorded = recorded();
    let options = Options { mutants: 1500, histories: 300, seed: 7, ..Options::default() };
    let outcome = run(&options, &recorded);
    assert!(outcome.violated.is_empty(), "{:#?}", outcome.violated);
    let total = outcome.score.total();
    assert!(total.faulty() > 1000, "{}", outcome.score);
    assert!(total.percent() >= 97.2, "{}", outcome.score);
}

/// Every recording of a real kernel was judged by most rules, with nothing missing.
#[test]
fn recordings_of_every_kernel_are_complete() {
    for history in recorded() {
        let report = judge(&history, &history.records).report;
        assert_eq!(report.lost, 0, "{}", history.name);
        assert!(report.completeness.is_complete(), "{}: {:?}", history.name, report.completeness);
        assert!(report.completeness.is_witnessed(), "{}", history.name);
        let tested = report.rows.iter().filter(|row| row.tested > 0).count();
        assert!(tested >= 30, "{}: {tested} rules were tested", history.name);
    }
}

/// What real kernels wrote and a rule once took for a fault, cut down to that: so records are
/// missing, as the rules about the stream itself find.
#[test]
fn what_was_a_false_alarm_is_none() {
    for history in read("alarms") {
        let report = judge(&history, &history.records).report;
        let of_others: Vec<_> =
            report.violations.iter().filter(|it| it.rule.group != Group::Stream).collect();
        assert!(of_others.is_empty(), "{}: {of_others:#?}", history.name);
        assert!(report.rows.iter().any(|row| row.tested > 0), "{}", history.name);
    }
}

/// The recordings of stock kernels that are kept: `KERNEL-PLAN-SCENARIO.tracer`.
fn recorded() -> Vec<History> {
    let histories = read("kernels");
    assert!(histories.len() >= 12);
    histories
}

/// The recordings in a folder.
fn read(name: &str) -> Vec<History> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recording").join(name);
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{name}");
    files.iter().map(|file| History::read(file).unwrap()).collect()
}
