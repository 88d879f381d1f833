//! Tracing that is disturbed: bad options, missing privileges, signals, closed pipes and full
//! devices in every phase. Whatever happens, one clear message, the right exit code, and nothing
//! left attached. Where tracing is not possible, what needs it is skipped, and says so.
#![cfg(feature = "kernel")]

#[path = "live/privilege.rs"]
mod privilege;
#[path = "live/run.rs"]
mod run;

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
};

use run::{Run, can_trace, complaint, tracer};

/// What a message must not show: the words of libraries, and of a program that gave up.
const RAW: [&str; 7] =
    ["panicked", "map error", "libbpf", "failed to create", "EbpfError", "ProgramError", "Os {"];

/// One message, with what to do, in our own words.
fn is_clear(said: &str) {
    for raw in RAW {
        assert!(!said.contains(raw), "{said}");
    }
    assert!(said.contains("\nhelp: ") || said.contains("try '--help'"), "{said}");
}

#[test]
fn a_ring_that_cannot_be_is_refused() {
    for size in ["0", "3", "1K", "8G", "99999999999999999999", "-1", "64X"] {
        let output = tracer().arg(format!("--ring={size}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{size}");
        is_clear(&complaint(&output));
    }
}

#[test]
fn a_plan_that_this_kernel_refuses_is_named_with_the_reason() {
    if !can_trace() {
        return;
    }
    for plan in ["trampoline", "kprobe"] {
        let output = tracer().args(["--plan", plan, "--duration", "1ms"]).output().unwrap();
        let said = complaint(&output);
        match output.status.code() {
            Some(0) => eprintln!("skipped: this kernel grants the {plan} plan"),
            code => {
                assert_eq!(code, Some(2), "{said}");
                assert!(said.contains(plan) && said.contains("--plan auto"), "{said}");
                is_clear(&said);
            }
        }
        assert!(output.stdout.is_empty() || output.status.success());
    }
}

#[test]
fn what_is_no_namespace_and_no_pid_is_wrong_usage() {
    for words in [["--ns", "pid:[x]"], ["--ns", "-3"], ["--pid", "1@"], ["--tree", "init"]] {
        let output = tracer().arg(words.join("=")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", complaint(&output));
        assert!(complaint(&output).contains(words[1]), "{}", complaint(&output));
    }
}

#[test]
fn a_full_device_ends_a_trace_with_an_error() {
    if !can_trace() {
        return;
    }
    for words in [&["--type=all", "--duration=10s"][..], &["--", "true"], &["--json"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::start(tracer().args(words).stdout(full).stderr(Stdio::piped()));
        let (status, said) = run.end();
        assert_eq!(status.code(), Some(1), "{words:?}: {said}");
        assert!(said.contains("standard output: No space left on device"), "{said}");
    }
}

#[test]
fn a_signal_before_anything_is_loaded_ends_it() {
    if !can_trace() {
        return;
    }
    for signal in [libc::SIGINT, libc::SIGTERM] {
        for words in [&[][..], &["--", "sleep", "600"]] {
            let run = Run::start(tracer().args(words).stdout(Stdio::null()).stderr(Stdio::piped()));
            run.until("it minds signals", |run| run.catches(signal));
            run.signal(signal);
            let (status, said) = run.end();
            assert_eq!(status.code(), Some(0), "{words:?}: {said}");
        }
    }
}

#[test]
fn a_signal_while_it_attaches_or_sweeps_ends_it() {
    if !can_trace() {
        return;
    }
    // From the first map to the last hook and the iterator; with fewer hooks, while it traces.
    for links in [0, 1, 3, 5, 6, 7] {
        let run = Run::start(tracer().stdout(Stdio::piped()).stderr(Stdio::piped()));
        run.until("hooks are attached", |run| {
            run.holds("bpf-map") && run.count("bpf_link") >= links || run.has_told()
        });
        run.signal(libc::SIGINT);
        let (status, said) = run.end();
        assert_eq!(status.code(), Some(0), "{links} hooks: {said}");
    }
}

#[test]
fn a_signal_while_it_traces_ends_the_command_too() {
    if !can_trace() {
        return;
    }
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let script = "echo pid=$$ >&2; exec sleep 600";
        let mut run = Run::start(
            tracer().args(["--", "sh", "-c", script]).stdout(Stdio::null()).stderr(Stdio::piped()),
        );
        let pid = run.told("pid=");
        assert!(run.programs().len() > 5, "its programs are not found");
        run.signal(signal);
        let (status, said) = run.end();
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.contains("command ended"), "{said}");
        assert!(!fs::exists(format!("/proc/{pid}")).unwrap(), "the command runs on");
    }
}

#[test]
fn a_command_that_does_not_mind_is_killed_by_the_second_signal() {
    if !can_trace() {
        return;
    }
    // The shell takes note of the first signal, and that is how the test knows of it.
    let script = "trap 'echo minded=1 >&2' INT TERM; echo pid=$$ >&2; while :; do read x <$0; done";
    let fifo = run::Fifo::new("stubborn");
    let mut run = Run::start(
        tracer()
            .args(["--", "sh", "-c", script])
            .arg(&fifo.0)
            .stdout(Stdio::null())
            .stderr(Stdio::piped()),
    );
    let pid = run.told("pid=");
    run.signal(libc::SIGTERM);
    run.told("minded=");
    // One that comes at once may be the same request; a key held down is not.
    let (status, said) = run.end_while(|run| run.signal(libc::SIGTERM));
    assert_eq!(status.code(), Some(0), "{said}");
    assert!(!fs::exists(format!("/proc/{pid}")).unwrap(), "the command runs on");
}

#[test]
fn a_signal_while_the_last_events_come_in_ends_it_once() {
    if !can_trace() {
        return;
    }
    let mut command = tracer();
    command.args(["--json", "--type=exit", "--", "true"]);
    let mut run = Run::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut lines = BufReader::new(run.stdout()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("\"type\":\"exit\"")), "the command's end is missing");
    run.signal(libc::SIGINT);
    run.signal(libc::SIGTERM);
    assert!(lines.last().unwrap().starts_with("{\"type\":\"summary\""));
    let (status, said) = run.end();
    assert_eq!(status.code(), Some(0), "{said}");
}

#[test]
fn a_pipe_that_is_closed_while_it_traces_ends_it_without_an_error() {
    if !can_trace() {
        return;
    }
    for words in [&["--type=all"][..], &["--json", "--", "cat"]] {
        let mut command = tracer();
        command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut run = Run::start(&mut command);
        let mut stdout = run.stdout();
        stdout.read_exact(&mut [0; 64]).unwrap();
        drop(stdout);
        // Without a command the next event finds it out. A command is let run to its end.
        run.close_stdin();
        let (status, said) = run.end_while(|_| {
            Command::new("true").status().unwrap();
        });
        assert_eq!(status.code(), Some(0), "{words:?}: {said}");
        assert!(!said.contains("panicked") && !said.contains("roken pipe"), "{said}");
    }
}

#[test]
fn a_standard_error_that_nobody_reads_stops_nothing() {
    if !can_trace() {
        return;
    }
    let mut child = tracer()
        .args(["--", "true"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!output.stdout.is_empty());
}
