//! A stream that lies: what the rules must find out, on a kernel that does not.

use super::{command, ends, live::can_trace, text};

#[test]
fn no_lie_is_believed() {
    if !can_trace() {
        return;
    }
    // Of every five records of its kind one is a lie.
    let script = "i=0; while [ $i -lt 40 ]; do (true); i=$((i+1)); done";
    for lie in ["births", "exits", "twins", "numbers", "parents"] {
        let words = ["--audit-interval", "100ms", "--lie", lie, "--", "sh", "-c", script];
        let output = command(words).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains(&format!("CORRUPTED ON PURPOSE (--lie {lie})")), "{said}");
        let code = output.status.code();
        assert!(matches!(code, Some(3 | 4)), "{lie} is believed: {code:?}\n{}", text(&output));
    }
}

#[test]
fn what_is_no_lie_is_refused_and_none_is_offered() {
    let output = command(["--lie", "deaths"]).output().unwrap();
    ends(&output, 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("births, exits, twins, numbers"));
    let help = command(["--help"]).output().unwrap();
    assert!(!text(&help).contains("--lie"));
}
