//! The program as a user starts it: exit codes, messages, pipes. Nothing here needs root; where
//! root and a kernel that can be traced are at hand, more of each path is run.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

const TRACER: &str = env!("CARGO_BIN_EXE_tracer");

/// Every verb.
const VERBS: [&str; 20] = [
    "live",
    "record",
    "replay",
    "ps",
    "tree",
    "ns",
    "pid",
    "show",
    "history",
    "diff",
    "stats",
    "export",
    "verify",
    "check",
    "invariants",
    "redact",
    "simulate",
    "doctor",
    "completions",
    "man",
];

/// Runs it, with the words of a line.
fn tracer(line: &str) -> Output {
    Command::new(TRACER).args(line.split_whitespace()).output().unwrap()
}

/// What it says on standard error.
fn complaint(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What it prints.
fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Whether this user can trace this host; if not, says what was skipped for it.
fn can_trace() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        cfg!(feature = "kernel") && tracer("live --duration 1ms").status.success()
    });
    if !*CAN {
        eprintln!("skipped: tracing is not possible here (see tracer doctor)");
    }
    *CAN
}

#[test]
fn help_and_version_are_no_errors() {
    for line in ["--help", "-h", "--version"] {
        let output = tracer(line);
        assert_eq!(output.status.code(), Some(0), "{line}");
        assert!(text(&output).contains("tracer") || line != "--version");
    }
    for verb in VERBS {
        let output = tracer(&format!("{verb} --help"));
        assert_eq!(output.status.code(), Some(0), "{verb}");
        assert!(text(&output).contains("Examples:"), "{verb}");
    }
}

#[test]
fn bad_usage_is_exit_code_2() {
    for (line, part) in [
        ("", "Usage"),
        ("frobnicate", "frobnicate"),
        ("live --plan magic", "magic"),
        ("ps --ns host", "host"),
        ("pid seven", "seven"),
        ("live --ring 12", "64K"),
        ("completions", "SHELL"),
        ("record --rotate 100", "neither a size"),
        ("record --keep 3", "--rotate"),
        ("replay", "FILE"),
        ("replay /nonexistent", "no such file"),
        ("replay /dev/null", "no recording"),
        ("replay /", "directory"),
        ("replay --speed 0 x", "no speed"),
        ("ps --at +1s", "FILE"),
        ("ps /dev/null", "no recording"),
        ("diff /dev/null +1s", "T2"),
        ("history /dev/null", "NR"),
        ("export /dev/null --to xml", "json, csv, dot"),
        ("redact /dev/null", "output"),
        ("simulate", "output"),
        ("simulate -o /dev/null", "never overwritten"),
        ("simulate -o x --kernel 4.4", "5.10, 6.1, 6.12, 6.18, 7.x"),
        ("simulate -o x --lose 100", "0 to 90"),
        ("pid --annotate /dev/null", "--from"),
    ] {
        let output = tracer(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(complaint(&output).contains(part), "{line}: {}", complaint(&output));
        assert!(output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn completions_know_every_verb() {
    for shell in ["bash", "zsh", "fish"] {
        let output = tracer(&format!("completions {shell}"));
        assert_eq!(output.status.code(), Some(0), "{shell}");
        let script = text(&output);
        for verb in VERBS {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}

#[test]
fn bash_accepts_its_completions() {
    let dir = Directory::new("completions");
    let script = dir.0.join("tracer.bash");
    fs::write(&script, tracer("completions bash").stdout).unwrap();
    let Ok(status) = Command::new("bash").arg("-n").arg(&script).status() else {
        return eprintln!("skipped: no bash here");
    };
    assert!(status.success());
}

#[test]
fn the_manual_has_a_page_for_every_verb() {
    let manual = text(&tracer("man"));
    let dir = Directory::new("man");
    let output = Command::new(TRACER).args(["man", "--dir"]).arg(&dir.0).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    for verb in VERBS {
        assert!(manual.contains(&format!("tracer\\-{verb}")), "{verb}");
        let page = fs::read_to_string(dir.0.join(format!("tracer-{verb}.1"))).unwrap();
        assert!(page.contains(".TH"), "{verb}");
        assert!(page.contains("Examples:"), "{verb}");
    }
    assert!(dir.0.join("tracer.1").is_file());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let output = tracer("man --dir /proc/nowhere/man");
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("/proc/nowhere/man"), "{}", complaint(&output));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut lines = vec!["completions bash", "man"];
    if can_trace() {
        lines.extend(["ps --json", "tree", "live --type all", "live --json -- true"]);
    }
    for line in lines {
        let mut child = Command::new(TRACER)
            .args(line.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{line}: {}", complaint(&output));
        assert!(!complaint(&output).contains("panicked"), "{line}: {}", complaint(&output));
    }
}

#[test]
fn a_full_device_is_an_error_and_no_panic() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Command::new(TRACER).arg("man").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint(&output).contains("No space left"), "{}", complaint(&output));
}

#[cfg(not(feature = "kernel"))]
#[test]
fn a_build_without_the_kernel_says_so() {
    for line in ["live", "ps", "doctor"] {
        let output = tracer(line);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(complaint(&output).contains("feature `kernel`"), "{}", complaint(&output));
    }
}

#[cfg(feature = "kernel")]
#[test]
fn an_unknown_command_is_found_out_before_anything_is_traced() {
    let dir = Directory::new("command");
    let data = dir.0.join("data");
    fs::write(&data, "no program").unwrap();
    let data = data.to_str().unwrap();
    for (command, why) in [
        ("no-such-command-anywhere", "No such file"),
        ("/no/such/command", "No such file"),
        (data, "Permission denied"),
        ("/tmp", "Permission denied"),
    ] {
        let output = tracer(&format!("live -- {command}"));
        assert_eq!(output.status.code(), Some(2), "{command}");
        let complaint = complaint(&output);
        assert!(complaint.contains(command) && complaint.contains(why), "{complaint}");
        assert!(complaint.contains("help: "), "{complaint}");
        assert!(output.stdout.is_empty(), "{command}");
    }
}

#[cfg(feature = "kernel")]
#[test]
fn without_root_it_says_what_is_missing() {
    let dir = Directory::new("nobody");
    let Some(nobody) = as_nobody(&dir) else {
        return eprintln!("skipped: cannot become another user here");
    };
    let output = nobody("ps");
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    let said = complaint(&output);
    assert!(said.starts_with("tracer: ") && said.contains("\nhelp: "), "{said}");
    assert!(!said.contains("panicked"), "{said}");

    // And the doctor tells what it can.
    let output = nobody("doctor");
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
    assert!(text(&output).contains("CAP_BPF"), "{}", text(&output));
    assert!(text(&output).contains("Tracing is not possible here"), "{}", text(&output));
    let output = nobody("doctor --json");
    assert!(text(&output).starts_with("{\"type\":\"doctor\",\"possible\":false"));
}

#[cfg(feature = "kernel")]
#[test]
fn what_does_not_exist_is_exit_code_1() {
    if !can_trace() {
        return;
    }
    for (line, part) in [
        ("pid 4194999", "no task has PID 4194999 in the initial PID namespace (pid:[4026531836])"),
        ("show 4194999", "4194999"),
        ("pid 1@42", "pid:[42]"),
        ("ps --ns 42", "42"),
        ("live --tree 4194999", "4194999"),
    ] {
        let output = tracer(line);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", complaint(&output));
        assert!(complaint(&output).contains(part), "{line}: {}", complaint(&output));
    }
    let output = tracer("ps --cgroup /no/such/cgroup");
    assert_eq!(output.status.code(), Some(2), "{}", complaint(&output));
}

#[cfg(feature = "kernel")]
#[test]
fn colour_is_for_terminals_unless_it_is_asked_for() {
    if !can_trace() {
        return;
    }
    assert!(!text(&tracer("ps --pid 2")).contains('\x1b'));
    assert!(text(&tracer("ps --pid 2 --color always")).contains('\x1b'));
    let colour = |no_color: &str| {
        let mut script = Command::new("script");
        script.args(["-qec", &format!("{TRACER} ps --pid 2"), "/dev/null"]);
        script.env("NO_COLOR", no_color).env("TERM", "xterm").stdin(Stdio::null());
        script.output().ok().map(|output| text(&output).contains('\x1b'))
    };
    match (colour(""), colour("1")) {
        (Some(without), Some(with)) => assert_eq!((without, with), (true, false)),
        _ => eprintln!("skipped: no script(1) here"),
    }
}

#[cfg(feature = "kernel")]
#[test]
fn a_command_is_traced_from_its_fork_to_its_release() {
    if !can_trace() {
        return;
    }
    let output = tracer("live --json -- sh -c exit\u{20}3");
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    let trace = text(&output);
    let lines: Vec<&str> = trace.lines().collect();
    assert!(lines[0].starts_with("{\"type\":\"header\""), "{trace}");
    assert!(lines[lines.len() - 1].starts_with("{\"type\":\"summary\""), "{trace}");
    for kind in ["fork", "exec", "exit", "release"] {
        assert!(trace.contains(&format!("\"type\":\"{kind}\"")), "{kind}: {trace}");
    }
}

#[cfg(feature = "kernel")]
#[test]
fn standard_output_carries_the_trace_alone() {
    if !can_trace() {
        return;
    }
    let output = tracer("live -- echo from-the-command");
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
    assert!(complaint(&output).lines().any(|line| line == "from-the-command"));
    assert!(!text(&output).lines().any(|line| line == "from-the-command"));
}

#[cfg(feature = "kernel")]
#[test]
fn signals_end_a_trace_properly() {
    if !can_trace() {
        return;
    }
    for signal in ["INT", "TERM"] {
        for line in ["live", "live -- sleep 60"] {
            let mut child = Command::new(TRACER)
                .args(line.split(' '))
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            // The heading is written when the sweep is over.
            let mut heading = [0];
            let mut stdout = child.stdout.take().unwrap();
            std::io::Read::read_exact(&mut stdout, &mut heading).unwrap();
            std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
            let pid = child.id().to_string();
            assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{signal} {line}: {}", complaint(&output));
            assert!(complaint(&output).contains("event"), "{signal} {line}: no summary");
        }
    }
}

/// A directory of a test's own, gone with it.
struct Directory(PathBuf);

impl Directory {
    /// Makes it, readable by everybody.
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("tracer-cli-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// Runs the program as a user without privileges; `None` if that cannot be arranged.
#[cfg(feature = "kernel")]
fn as_nobody(dir: &Directory) -> Option<impl Fn(&str) -> Output> {
    const NOBODY: [&str; 4] = ["--reuid=65534", "--regid=65534", "--clear-groups", "--"];
    let root = Command::new("id").arg("-u").output().ok()?.stdout == b"0\n";
    // Nobody may not be allowed into the directory it was built in.
    let copy = dir.0.join("tracer");
    if root {
        fs::copy(TRACER, &copy).ok()?;
        let tried = Command::new("setpriv").args(NOBODY).arg("true").status();
        tried.ok().filter(std::process::ExitStatus::success)?;
    }
    Some(move |line: &str| {
        let mut command = Command::new(if root { "setpriv" } else { TRACER });
        if root {
            command.args(NOBODY).arg(&copy);
        }
        command.args(line.split(' ')).output().unwrap()
    })
}
