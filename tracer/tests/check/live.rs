//! Checking the running kernel.

use std::sync::LazyLock;

use super::{Dir, check, command, ends, text};

/// Whether this user can trace this host; if not, says what was skipped for it.
pub(super) fn can_trace() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        let output = command(["--duration", "1ms"]).output().unwrap();
        cfg!(feature = "kernel") && output.status.code() != Some(2)
    });
    if !*CAN {
        eprintln!("skipped: tracing is not possible here (see tracer doctor)");
    }
    *CAN
}

#[test]
fn a_host_holds_while_a_command_runs_and_so_does_its_recording() {
    if !can_trace() {
        return;
    }
    let dir = Dir::new("live");
    let record = dir.path("x.tracer");
    let mut words = command(["--audit-interval", "50ms", "--record"]);
    let script = "echo out; for i in 1 2 3 4 5; do (true); done; sleep 0.3; exit 7";
    let output = words.arg(&record).args(["--", "sh", "-c", script]).output().unwrap();
    // How the command ended is told, and is not the verdict.
    ends(&output, 0);
    let report = text(&output);
    assert!(report.starts_with("holds: 0 violated, 0 unknown, "), "{report}");
    assert!(report.contains("the command ended: code 7"), "{report}");
    // Standard output is the report's alone.
    assert!(!report.contains("out\n"), "{report}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("out\n"));

    // The evidence is judged as the host was.
    let again = check("", &record);
    ends(&again, 0);
    let verdicts = |report: &str| {
        // Who lets zombies stand is asked for reasons where it still lives.
        let mut parts = report.split("\nZOMBIES");
        parts.next().unwrap_or_default().to_owned()
    };
    assert_eq!(verdicts(&text(&again)), verdicts(&report));
    // The kernel's own counts say that nothing was missed.
    assert!(report.contains("  complete: "), "{report}");
}

#[test]
fn the_commands_exit_code_is_handed_on_where_that_is_asked_for() {
    if !can_trace() {
        return;
    }
    for (script, code) in [("exit 7", 7), ("kill -9 $$", 137), ("true", 0)] {
        let words = ["--command-status", "--json", "--", "sh", "-c", script];
        let output = command(words).output().unwrap();
        ends(&output, code);
        let last = text(&output).lines().last().unwrap().to_owned();
        let summary: serde_json::Value = serde_json::from_str(&last).unwrap();
        assert_eq!(summary["verdict"], "holds", "{summary}");
    }
    ends(&command(["--", "/nonexistent"]).output().unwrap(), 2);
}
