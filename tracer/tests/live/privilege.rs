//! Users with few privileges, and what is kept of many.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{
    is_clear,
    run::{Run, TRACER, can_trace, complaint, tracer},
};

/// What is still needed once everything is attached, by number (include/uapi/linux/capability.h).
const KEPT: u64 = 1 << 19 | 1 << 38 | 1 << 39;

/// The program where nobody may read it too, gone with this.
struct Copy(PathBuf);

impl Copy {
    /// `None`, with the reason, where we are not root or cannot become somebody else.
    fn new(name: &str) -> Option<Self> {
        let dir = std::env::temp_dir().join(format!("tracer-live-{}-{name}", std::process::id()));
        let status = Command::new("setpriv").args(NOBODY).args(["--", "true"]).output();
        if !rustix::process::geteuid().is_root() || !status.is_ok_and(|out| out.status.success()) {
            eprintln!("skipped: cannot become another user here");
            return None;
        }
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(TRACER, dir.join("tracer")).unwrap();
        Some(Self(dir))
    }

    /// Runs it as nobody, with these capabilities.
    fn run(&self, caps: &str, line: &str) -> Output {
        let mut command = Command::new("setpriv");
        command.args(NOBODY);
        if !caps.is_empty() {
            command.args(["--inh-caps", caps, "--ambient-caps", caps]);
        }
        command.arg("--").arg(self.0.join("tracer")).args(line.split(' ')).output().unwrap()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

const NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

#[test]
fn missing_capabilities_are_named_before_anything_is_loaded() {
    let Some(copy) = Copy::new("missing") else { return };
    for (caps, missing) in [
        ("", "CAP_BPF and CAP_PERFMON are missing"),
        ("+bpf", "CAP_PERFMON is missing"),
        ("+perfmon,+sys_ptrace", "CAP_BPF is missing"),
    ] {
        for line in ["live -- true", "ps", "live --plan tracepoint"] {
            let output = copy.run(caps, line);
            let said = complaint(&output);
            assert_eq!(output.status.code(), Some(2), "{caps} {line}: {said}");
            assert!(said.contains(missing), "{caps} {line}: {said}");
            assert!(said.contains("CAP_BPF and CAP_PERFMON (and"), "{said}");
            is_clear(&said);
            assert!(output.stdout.is_empty(), "{caps} {line}");
        }
    }
}

#[test]
fn three_capabilities_are_enough() {
    let Some(copy) = Copy::new("enough") else { return };
    if !can_trace() {
        return;
    }
    if !Path::new("/proc/sys/kernel/unprivileged_bpf_disabled").exists() {
        return eprintln!("skipped: this kernel has no CAP_BPF");
    }
    for line in ["live -- true", "ps", "doctor", "show 1"] {
        let output = copy.run("+bpf,+perfmon,+sys_ptrace", line);
        assert_eq!(output.status.code(), Some(0), "{line}: {}", complaint(&output));
        assert!(!output.stdout.is_empty(), "{line}");
    }
}

#[test]
fn what_is_not_needed_any_more_is_dropped() {
    if !can_trace() {
        return;
    }
    let mut command = tracer();
    let run = Run::start(command.args(["--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()));
    run.until("it traces", Run::has_told);
    let (effective, permitted) = (run.mask("CapEff:"), run.mask("CapPrm:"));
    run.signal(libc::SIGINT);
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(0), "{said}");
    assert_ne!(effective, 0, "it has what it needs");
    assert_eq!((effective | permitted) & !KEPT, 0, "{effective:x} {permitted:x}");
}

#[test]
fn inside_a_pid_namespace_it_says_where_to_run() {
    if !can_trace() {
        return;
    }
    for line in ["live -- true", "ps"] {
        let mut inside = Command::new("unshare");
        inside.args(["--pid", "--fork", TRACER]).args(line.split(' '));
        let output = inside.output().unwrap();
        let said = complaint(&output);
        if said.contains("unshare") {
            return eprintln!("skipped: no PID namespace can be made here: {said}");
        }
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("from inside a PID namespace"), "{said}");
        assert!(said.contains("--pid=host"), "{said}");
        is_clear(&said);
    }
}

#[test]
fn root_of_a_user_namespace_is_told_that_it_is_none() {
    if !can_trace() {
        return;
    }
    let mut inside = Command::new("unshare");
    inside.args(["--user", "--map-root-user", TRACER, "ps"]);
    let output = inside.output().unwrap();
    let said = complaint(&output);
    if said.contains("unshare") {
        return eprintln!("skipped: no user namespace can be made here: {said}");
    }
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("initial user namespace"), "{said}");
    is_clear(&said);
}
