//! Clients that take their time: none holds a place for longer than it may.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    os::unix::net::UnixStream,
    process::Command,
    time::{Duration, Instant},
};

use super::{
    house::{House, PATIENCE},
    run::{can_trace, wait},
    stream::Listener,
};

/// How long they may take here.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How often the slow ones do something.
const STEP: Duration = Duration::from_millis(100);

fn connect(house: &House) -> UnixStream {
    let stream = UnixStream::connect(house.path("socket")).unwrap();
    stream.set_read_timeout(Some(STEP)).unwrap();
    stream
}

/// Whether the daemon has hung up; waits a step for that, and throws away what comes.
fn is_over(stream: &mut UnixStream) -> bool {
    match stream.read(&mut [0; 4096]) {
        Ok(read) => read == 0,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(_reset) => true,
    }
}

/// How long it takes until the daemon hangs up on who does this at each step.
fn lasts(stream: &mut UnixStream, mut step: impl FnMut(&mut UnixStream)) -> Duration {
    let begun = Instant::now();
    while !is_over(stream) {
        assert!(begun.elapsed() < PATIENCE, "it is never cut off");
        step(stream);
    }
    begun.elapsed()
}

#[test]
fn who_takes_too_long_is_cut_off() {
    if !can_trace() {
        return;
    }
    let house = House::new("slow", &["--client-timeout", "2s"]);
    let connections = || house.metric("tracer_connections{}") as usize - 1;
    std::thread::scope(|scope| {
        let slow = [
            // One that sends the head byte by byte.
            scope.spawn(|| {
                let endless =
                    "GET /v1/pid/1 HTTP/1.1\r\nX-Slow: ".bytes().chain("a".bytes().cycle());
                let mut bytes = endless;
                let byte = |stream: &mut UnixStream| {
                    let _cut = stream.write_all(&[bytes.next().unwrap()]);
                };
                lasts(&mut connect(&house), byte)
            }),
            // One that says nothing at all.
            scope.spawn(|| lasts(&mut connect(&house), |_| {})),
            // One that says nothing more.
            scope.spawn(|| {
                let mut stream = connect(&house);
                stream.write_all(b"GET /v1/pid/1 HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
                lasts(&mut stream, |_| {})
            }),
            // One that asks again and again, and lasts longer, but not for ever.
            scope.spawn(|| {
                let ask = |stream: &mut UnixStream| {
                    let _cut = stream.write_all(b"GET /v1/pid/1 HTTP/1.1\r\nHost: x\r\n\r\n");
                };
                lasts(&mut connect(&house), ask)
            }),
        ];
        for (slow, least) in slow.into_iter().zip([1, 1, 1, 2]) {
            let took = slow.join().unwrap();
            assert!(took + STEP > TIMEOUT * least, "cut off after {took:?}");
        }
    });
    assert_eq!(connections(), 0);
    // Answers that nobody takes.
    let begun = Instant::now();
    let mut deaf = connect(&house);
    deaf.set_nonblocking(true).unwrap();
    let _full = deaf.write(&b"GET /v1/ps?threads=1 HTTP/1.1\r\nHost: x\r\n\r\n".repeat(200));
    wait("who takes no answer is cut off", || connections() == 0);
    assert!(begun.elapsed() > TIMEOUT);
    drop(deaf);
}

#[test]
fn who_listens_is_cut_off_only_if_it_never_reads() {
    if !can_trace() {
        return;
    }
    let house = House::new("listens", &["--client-timeout", "1s"]);
    let listeners = || house.metric("tracer_listeners{}") as usize;
    // To one of them nothing is told.
    let mut quiet = Listener::open(&house, "comm=nobody-has-it", None);
    let mut sound = Listener::open(&house, "comm=true", None);
    let deaf = Listener::new(&house, "type=all&threads=1", None);
    assert_eq!(listeners(), 3);
    wait("the deaf one is cut off", || {
        assert!(Command::new("sh").args(["-c", "(:);(:);(:);(:);(:);(:);(:)"]).status().is_ok());
        assert!(Command::new("true").status().is_ok());
        sound.until(|message| message.kind == "exec");
        listeners() == 2
    });
    drop(deaf);
    assert_eq!(quiet.end().pop().unwrap().kind, "summary");
    assert_eq!(sound.end().pop().unwrap().kind, "summary");
}

#[test]
fn who_will_ask_nothing_more_is_answered() {
    if !can_trace() {
        return;
    }
    let house = House::new("half", &["--client-timeout", "1h"]);
    for path in ["/v1/pid/1", "/v1/ps?threads=1", "/metrics", "/nowhere"] {
        let mut stream = UnixStream::connect(house.path("socket")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 ") && answer.ends_with('\n'), "{path}: {answer}");
    }
}
