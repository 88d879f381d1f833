//! SIGHUP: what changes, what cannot, and what is wrong.

use std::{fs, io::Read as _, os::unix::net::UnixDatagram, time::Duration};

use rustix::process::Signal;

use super::{house::House, run::can_trace};

/// A house whose daemon reads a file.
fn house(name: &str, text: &str, more: &[&str]) -> House {
    let mut house = House::empty(name);
    fs::write(house.path("x.toml"), text).unwrap();
    let file = house.path("x.toml").display().to_string();
    house.start(&[&["--config", &file], more].concat());
    house
}

/// Has the file be this one, and waits until the daemon has told of it.
fn reload(house: &House, text: &str, told: &str) {
    // As an editor does it: another file takes the name.
    fs::write(house.path("new"), text).unwrap();
    fs::rename(house.path("new"), house.path("x.toml")).unwrap();
    house.signal(Signal::HUP);
    house.until(told, || house.log().contains(told));
}

#[test]
fn what_can_change_changes_and_what_cannot_is_named() {
    if !can_trace() {
        return;
    }
    let house = house("reload", "keep = \"1G\"\naudit-interval = \"1h\"", &[]);
    reload(
        &house,
        "keep = \"2G\"\naudit-interval = \"100ms\"\ngroup = 7\nno-check = true",
        "settings were read anew",
    );
    let log = house.log();
    for told in [
        "keep is 2G",
        "audit-interval is 100ms",
        "group cannot change while the daemon runs",
        "no-check cannot change while the daemon runs",
    ] {
        assert!(log.contains(told), "{told}: {log}");
    }
    house.until("it sweeps that often", || {
        house.metric("tracer_resyncs_total{reason=\"audit\"}") > 2.0
    });
    reload(&house, "log-format = \"json\"\nkeep = \"2G\"", r#""message":"settings were read anew"#);
}

#[test]
fn a_bad_file_changes_nothing() {
    if !can_trace() {
        return;
    }
    let house = house("bad", "keep = \"1G\"\naudit-interval = \"100ms\"", &[]);
    for (text, named) in [
        ("kep = \"2G\"", "kep: there is no such setting"),
        ("keep = \"2 moons\"", "2 moons"),
        ("keep = ", "x.toml"),
    ] {
        reload(&house, text, named);
        assert!(house.log().contains("the settings stay as they are"), "{}", house.log());
    }
    fs::remove_file(house.path("x.toml")).unwrap();
    house.signal(Signal::HUP);
    house.until("a missing file is told", || house.log().contains("No such file"));
    let before = house.metric("tracer_resyncs_total{reason=\"audit\"}");
    house.until("it goes on as it was", || {
        house.metric("tracer_resyncs_total{reason=\"audit\"}") > before + 2.0
    });
    assert_eq!(house.ask("/healthz").unwrap().status, 200);
}

#[test]
fn a_token_is_replaced_while_it_runs() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("token");
    let file = house.path("token").display().to_string();
    fs::write(&file, "0123456789abcdef").unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    house.start(&["--listen", &port.to_string(), "--token-file", &file]);
    let status = |token: &str| {
        use std::io::Write as _;
        let mut stream = std::net::TcpStream::connect(port).unwrap();
        let header = format!("Authorization: Bearer {token}");
        write!(stream, "GET /v1/pid/1 HTTP/1.0\r\n{header}\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text.split(' ').nth(1).unwrap().to_owned()
    };
    assert_eq!(status("0123456789abcdef"), "200");
    fs::write(&file, "short").unwrap();
    house.signal(Signal::HUP);
    house.until("it is too short", || house.log().contains("16 are needed at least"));
    assert_eq!(status("0123456789abcdef"), "200", "the old one is still good");
    fs::write(&file, "fedcba9876543210").unwrap();
    house.signal(Signal::HUP);
    house.until("it is taken", || house.log().contains("settings were read anew"));
    assert_eq!(
        (status("fedcba9876543210"), status("0123456789abcdef")),
        ("200".into(), "401".into())
    );
}

#[test]
fn systemd_is_told_when_it_begins_and_ends() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("notify");
    let socket = UnixDatagram::bind(house.path("notify")).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut command = house.command();
    command.env("NOTIFY_SOCKET", house.path("notify"));
    house.start_as(command);
    let next = || {
        let mut bytes = [0; 1024];
        let len = socket.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..len]).into_owned()
    };
    assert!(next().starts_with("READY=1"));
    house.signal(Signal::HUP);
    let reloading = next();
    let time = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    assert!(reloading.contains("RELOADING=1"), "{reloading}");
    assert!(time.is_some_and(|time| time.parse::<u64>().is_ok()), "{reloading}");
    assert!(next().starts_with("READY=1"));
    house.end(Signal::TERM);
    assert!(next().starts_with("STOPPING=1"));
}

#[test]
fn a_reload_while_it_starts_waits_until_it_has_started() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("early");
    let mut command = house.command();
    // Twice at once, as soon as it is caught at all: before that, nobody can know of the daemon.
    let script = "\"$@\" & d=$!; \
                  until grep -q 'SigCgt:.*[13579bdf]$' /proc/$d/status; do :; done; \
                  kill -HUP $d; kill -HUP $d; trap 'kill $d; wait $d' TERM; wait $d";
    let words: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = std::process::Command::new("sh");
    command.args(["-c", script, "sh", super::run::TRACER]).args(words);
    house.start_as(command);
    house.until("it has read them anew", || house.log().contains("settings were read anew"));
    assert_eq!(house.ask("/healthz").unwrap().status, 200, "{}", house.log());
    house.end(Signal::TERM);
}
