//! The daemon as its users and its enemies meet it. Where tracing is not possible, what needs it is
//! skipped, and says so.
#![cfg(feature = "kernel")]

#[path = "daemon/cast.rs"]
mod cast;
#[path = "daemon/confined.rs"]
mod confined;
#[path = "daemon/deaf.rs"]
mod deaf;
#[path = "daemon/describe.rs"]
mod describe;
#[path = "daemon/events.rs"]
mod events;
#[path = "daemon/hostile.rs"]
mod hostile;
#[path = "daemon/house.rs"]
mod house;
#[path = "daemon/listen.rs"]
mod listen;
#[path = "daemon/malformed.rs"]
mod malformed;
#[path = "daemon/reload.rs"]
mod reload;
#[path = "live/run.rs"]
#[expect(dead_code, reason = "the tests of live need more of it")]
mod run;
#[path = "daemon/storm.rs"]
mod storm;
#[path = "daemon/stream.rs"]
mod stream;

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::net::UnixStream,
    process::{Child, Command, Stdio},
};

use house::House;
use run::{TRACER, can_trace, complaint};
use rustix::process::Signal;

/// A process of ours that waits, and ends with its standard input.
fn sleeper() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

/// The lines about tasks, without what depends on the moment.
fn tasks(json: &str) -> Vec<serde_json::Value> {
    let lines = json.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.filter(|line: &serde_json::Value| line["type"] == "task").collect()
}

#[test]
fn what_the_daemon_says_is_what_the_kernel_says() {
    if !can_trace() {
        return;
    }
    let house = House::new("same", &[]);
    let mut child = sleeper();
    let (pid, parent) = (child.id().to_string(), std::process::id().to_string());
    for words in [
        vec!["ps", "--pid", &pid],
        vec!["tree", "--tree", &pid],
        vec!["pid", &pid],
        vec!["ns", "--pid", &pid, "--kind", "pid"],
        vec!["containers"],
    ] {
        let asked = house.verb(&words);
        let own = house.verb(&[&words[..], &["--no-daemon"]].concat());
        assert_eq!(asked.status.code(), Some(0), "{words:?}: {}", complaint(&asked));
        let text = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            // Ages and counts are of the moment; whom it is about, and its parent, are not.
            let columns = |line: &str| {
                line.split_whitespace()
                    .filter(|word| {
                        word.parse::<f64>().is_err()
                            || [pid.as_str(), parent.as_str()].contains(word)
                    })
                    .filter(|word| !["us", "ms", "s"].contains(word))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            // Only events move the cursor; one sweep does not show it.
            text.lines()
                .map(|line| columns(line.split(", cursor").next().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(text(&asked.stdout), text(&own.stdout), "{words:?}");
    }
    let asked = house.verb(&["ps", "--json", "--pid", &pid]);
    let own = house.verb(&["ps", "--json", "--no-daemon", "--pid", &pid]);
    let (asked, own) = (
        tasks(&String::from_utf8_lossy(&asked.stdout)),
        tasks(&String::from_utf8_lossy(&own.stdout)),
    );
    assert_eq!(asked.len(), 1);
    for key in ["pid", "ns_pids", "ppid", "comm", "start_ns", "ns", "cgroup", "process_id", "sid"] {
        assert_eq!(asked[0][key], own[0][key], "{key}");
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn an_answer_is_of_now() {
    if !can_trace() {
        return;
    }
    let house = House::new("now", &[]);
    for _ in 0..20 {
        let mut child = sleeper();
        let path = format!("/v1/pid/{}", child.id());
        let born = house.ask(&path).unwrap();
        assert_eq!(born.status, 200, "{born:?}");
        for field in ["tracer-event: ", "tracer-time-ns: ", "tracer-certain: yes"] {
            assert!(born.head.contains(field), "{field}: {}", born.head);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = house.ask(&path).unwrap();
        assert_eq!(gone.status, 404, "{gone:?}");
        assert!(gone.body.contains("no task has PID") || gone.body.contains("no"), "{gone:?}");
    }
}

#[test]
fn there_is_one_daemon_and_a_killed_one_is_followed_by_the_next() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("one");
    let dir = house.path("kept").display().to_string();
    house.start(&["--dir", &dir]);
    let second = house.command().output().unwrap();
    assert_eq!(second.status.code(), Some(2), "{}", complaint(&second));
    assert!(complaint(&second).contains("another daemon does"), "{}", complaint(&second));
    assert_eq!(house.ask("/healthz").unwrap().status, 200, "the first one goes on");

    house.end(Signal::KILL);
    assert!(house.path("socket").exists(), "nobody has removed it");
    // A second must pass between two recordings, which are named by theirs.
    let first = fs::read_dir(&dir).unwrap().next().unwrap().unwrap().path();
    fs::rename(&first, first.with_file_name("killed.tracer")).unwrap();
    house.start(&["--dir", &dir]);
    let status = house.end(Signal::TERM);
    assert_eq!(status.code(), Some(0), "{}", house.log());
    assert!(!house.path("socket").exists(), "it takes its socket with it");

    let mut whole = 0;
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let killed = path.ends_with("killed.tracer");
        let mut verify = Command::new(TRACER);
        verify.arg("verify").args((!killed).then_some("--strict")).arg(&path);
        let verified = verify.output().unwrap();
        // What a kill cuts off is said, and what is before it is good.
        let code = verified.status.code();
        assert!(code == Some(0) || killed, "{}: {}", path.display(), complaint(&verified));
        whole += u32::from(!killed);
    }
    assert_eq!(whole, 1);
}

#[test]
fn nobody_can_hold_it_up() {
    if !can_trace() {
        return;
    }
    let house = House::new("rude", &[]);
    let before = resident(house.pid());
    // Some that never say anything, some that never read.
    let silent: Vec<UnixStream> =
        (0..100).filter_map(|_| UnixStream::connect(house.path("socket")).ok()).collect();
    let deaf: Vec<UnixStream> = (0..50)
        .filter_map(|_| {
            let mut stream = UnixStream::connect(house.path("socket")).ok()?;
            stream
                .write_all(&b"GET /v1/ps?threads=1 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20))
                .ok()?;
            Some(stream)
        })
        .collect();
    assert!(silent.len() + deaf.len() > 100);
    let rude: [(&[u8], &str); 8] = [
        (b"\x16\x03\x01\x02\x00\x01\x00", ""),
        (b"GET / HTTP/1.0\r\n\r\n", " 404 "),
        (b"POST /v1/ps HTTP/1.0\r\nContent-Length: 0\r\n\r\n", " 405 "),
        (b"GET /v1/ps HTTP/1.0\r\nContent-Length: 9\r\n\r\n123456789", " 413 "),
        (b"GET /v1/ps?file=/etc/passwd HTTP/1.0\r\n\r\n", " 400 "),
        (b"GET /v1/ps?pid=%zz HTTP/1.0\r\n\r\n", " 400 "),
        (b"GET /v1/pid/--annotate=/etc/passwd HTTP/1.0\r\n\r\n", " 400 "),
        (b"GET /../../etc/passwd HTTP/1.0\r\n\r\n", " 404 "),
    ];
    for (bytes, expected) in rude {
        let answer = house.raw(bytes).unwrap();
        let first = answer.lines().next().unwrap_or_default();
        assert!(first.contains(expected), "{}: {first}", String::from_utf8_lossy(bytes));
    }
    let long = [b"GET /".to_vec(), vec![b'a'; 1 << 20], b" HTTP/1.0\r\n\r\n".to_vec()].concat();
    let answer = house.raw(&long).unwrap();
    assert!(answer.is_empty() || answer.contains(" 4"), "{answer:.100}");
    assert_eq!(house.ask("/v1/pid/1").unwrap().status, 200, "and it still answers");
    let after = resident(house.pid());
    assert!(after < before + (64 << 20), "{before} bytes became {after}");
    drop((silent, deaf));
}

/// Resident memory of a process, bytes.
fn resident(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

#[test]
fn its_metrics_are_open_metrics_without_a_pid() {
    if !can_trace() {
        return;
    }
    let house = House::new("metrics", &["--bpf-stats"]);
    let page = house.ask("/metrics").unwrap();
    assert!(page.head.contains("application/openmetrics-text"), "{}", page.head);
    assert!(page.body.ends_with("# EOF\n"));
    for name in [
        "tracer_events_total{type=\"snapshot\"}",
        "tracer_events_lost_total{where=\"ringbuf\"} 0",
        "tracer_tasks{state=\"live\"}",
        "tracer_namespaces{type=\"pid\"}",
        "tracer_invariant_checks_total{invariant=\"unique-number\",verdict=\"violated\"} 0",
        "tracer_process_resident_memory_bytes",
        "tracer_resyncs_total{reason=\"start\"} 1",
        "tracer_ring_size_bytes{} 16777216",
        "tracer_ring_peak_bytes",
        "tracer_connections{} 1",
        "tracer_questions_waiting{} 0",
        "tracer_shed_total{what=\"history\"} 0",
        "tracer_tasks{state=\"zombie\"}",
        "tracer_confined{by=\"seccomp\"} 1",
        "tracer_bpf_prog_runs_total{prog=\"t_task_newtask\"}",
        "tracer_bpf_prog_seconds_total{prog=\"t_task_newtask\"}",
    ] {
        assert!(page.body.contains(name), "{name}: {}", page.body);
    }
    for line in page.body.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("tracer_") && value.parse::<f64>().is_ok(), "{line}");
        assert!(!name.contains("pid=\""), "{line}");
    }
}

#[test]
fn tcp_needs_loopback_and_a_token() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("tcp");
    let token = house.path("token");
    fs::write(&token, "0123456789abcdef\n").unwrap();
    let token = token.display().to_string();
    let refused = |address: &str, file: &str| {
        let out =
            house.command().args(["--listen", address, "--token-file", file]).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{address}: {}", complaint(&out));
        complaint(&out)
    };
    assert!(refused("0.0.0.0:0", &token).contains("no loopback address"));
    assert!(refused("127.0.0.1:0", "/nonexistent").contains("/nonexistent"));
    let bad = house.path("bad").display().to_string();
    for (text, why) in [("short\n", "16 are needed"), ("0123456789abcdef\n0123", "one word")] {
        fs::write(&bad, text).unwrap();
        assert!(refused("127.0.0.1:0", &bad).contains(why), "{text}");
    }
    // A port that is free now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    house.start(&["--listen", &port.to_string(), "--token-file", &token]);
    let ask = |header: &str| {
        let mut stream = std::net::TcpStream::connect(port).unwrap();
        write!(stream, "GET /v1/pid/1 HTTP/1.0\r\n{header}\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(ask(""), "401");
    assert_eq!(ask("Authorization: Bearer 0123456789abcdeg\r\n"), "401");
    assert_eq!(ask("Authorization: Bearer 0123456789abcdef\r\n"), "200");
    // Schemes of HTTP are of either case.
    assert_eq!(ask("authorization: bearer 0123456789abcdef\r\n"), "200");
    assert_eq!(ask("Authorization: Basic 0123456789abcdef\r\n"), "401");
}

#[test]
fn settings_come_from_a_file_and_what_is_wrong_in_it_is_named() {
    let house = House::empty("config");
    let file = house.path("x.toml");
    let run = |text: &str, more: &[&str]| {
        fs::write(&file, text).unwrap();
        let mut command = Command::new(TRACER);
        command.args(["daemon", "--config"]).arg(&file).args(more).output().unwrap()
    };
    let printed = run("keep = \"7d\"\nno-check = true", &["--print-config", "--keep", "3G"]);
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    assert_eq!(printed.status.code(), Some(0), "{}", complaint(&printed));
    assert!(text.contains("keep = \"3G\"") && text.contains("no-check = true"), "{text}");
    for (text, named) in [
        ("kep = \"7d\"", "kep: there is no such setting"),
        ("keep = \"7 moons\"", "7 moons"),
        ("keep = \"", "x.toml"),
        ("listen = \"127.0.0.1:0\"", "--token-file"),
        ("log-format = \"xml\"", "json"),
        ("group = 4294967295", "no group's number"),
        ("audit-interval = \"0\"", "too often"),
        ("max-memory = \"1K\"", "too little"),
        ("client-timeout = \"0s\"", "too short"),
    ] {
        let wrong = run(text, &[]);
        assert_eq!(wrong.status.code(), Some(2), "{text}: {}", complaint(&wrong));
        assert!(complaint(&wrong).contains(named), "{text}: {}", complaint(&wrong));
    }
    let endless = Command::new(TRACER).args(["daemon", "--config", "/dev/zero"]).output().unwrap();
    assert!(complaint(&endless).contains("larger than a megabyte"), "{}", complaint(&endless));
}
