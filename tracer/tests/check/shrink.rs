//! `--shrink`: a recording like any other, much smaller, of the same violation.

use std::{fs, path::Path, process::Command};

use super::{Dir, check, command, ends, made::Made, text};

/// What another verb says of a recording.
fn verb(words: &[&str], file: &Path) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracer"));
    command.args(words).arg(file).output().unwrap()
}

#[test]
fn a_few_records_show_what_many_did() {
    let dir = Dir::new("shrink");
    let made = Made::violated(400);
    let path = dir.recording("bad.tracer", &made);
    let small = dir.path("small.tracer");
    let output = command(["--only", "4", "--shrink"]).arg(&small).arg(&path).output().unwrap();
    ends(&output, 3);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains(&format!(" of {} records, that violate number-range", made.len())),
        "{said}"
    );

    // It violates the same rule in the same way, and nothing is told as lost.
    let again = check("--only 4", &small);
    ends(&again, 3);
    let (before, after) = (text(&output), text(&again));
    assert!(after.lines().next().is_some_and(|line| line.ends_with(" events, 0 lost")), "{after}");
    let facts = |text: &str| -> Vec<String> {
        let wanted = |line: &&str| {
            ["  subject", "  expected", "  observed"].iter().any(|head| line.starts_with(head))
        };
        text.lines().filter(wanted).map(ToOwned::to_owned).collect()
    };
    assert_eq!(facts(&after), facts(&before));
    assert_eq!(facts(&after).len(), 3);
    assert!(fs::metadata(&small).unwrap().len() < fs::metadata(&path).unwrap().len());

    // A recording like any other: it is whole, it replays, and it says what it is.
    let verified = verb(&["verify", "--strict", "--json"], &small);
    ends(&verified, 0);
    let counted: serde_json::Value = serde_json::from_str(text(&verified).trim()).unwrap();
    assert!(
        counted["events"].as_u64().is_some_and(|events| (1..=5).contains(&events)),
        "{counted}"
    );
    let replayed = verb(&["replay", "--type", "all"], &small);
    ends(&replayed, 0);
    assert!(text(&replayed).contains("5000000"), "{}", text(&replayed));
    assert!(String::from_utf8_lossy(&replayed.stderr).contains("that violate number-range"));
}

#[test]
fn without_a_violation_nothing_is_written_and_nothing_is_ever_replaced() {
    let dir = Dir::new("nothing");
    let path = dir.recording("good.tracer", &Made::legal(5));
    let small = dir.path("small.tracer");
    let shrink =
        |file: &Path| command(["--only", "4", "--shrink"]).arg(&small).arg(file).output().unwrap();
    ends(&shrink(&path), 0);
    assert!(!small.exists());
    fs::write(&small, "mine").unwrap();
    ends(&shrink(&path), 2);
    assert_eq!(fs::read(&small).unwrap(), b"mine");
    fs::remove_file(&small).unwrap();
    // Standard input can be read only once.
    ends(&shrink(Path::new("-")), 2);
    assert!(!small.exists());
}
