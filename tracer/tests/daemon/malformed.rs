//! Requests that nobody should have sent.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    process::Stdio,
    thread,
};

use rustix::{fs::Uid, thread::set_thread_res_uid};

use super::{
    house::House,
    run::{can_trace, wait},
};

/// Heads that are no requests, or that ask for what there is not.
const HEADS: [&str; 24] = [
    "HEAD /v1/ps HTTP/1.0",
    "CONNECT a:80 HTTP/1.0",
    "OPTIONS * HTTP/1.0",
    "G\tET / HTTP/1.0",
    "GET\0/ HTTP/1.0",
    "PRI * HTTP/2.0",
    "GET / HTTP/9.9",
    "GET /v1/pid/1",
    "GET http://elsewhere HTTP/1.0",
    "GET * HTTP/1.0",
    "GET /v1/pid/1 2 HTTP/1.0",
    "GET /v1/pid/% HTTP/1.0",
    "GET /v1/pid/%00 HTTP/1.0",
    "GET /v1/pid/99999999999999999999 HTTP/1.0",
    "GET /v1/pid/1@0 HTTP/1.0",
    "GET /v1/ps?uid=root HTTP/1.0",
    "GET /v1/ps?cgroup=//.. HTTP/1.0",
    "GET /v1/ps?cgroup=/proc/self/root/etc HTTP/1.0",
    "GET /v1/events?since=18446744073709551615 HTTP/1.0",
    "GET /v1/events?from=%2B18446744073709551615s HTTP/1.0",
    "GET /v1/events HTTP/1.0\r\nLast-Event-ID: junk",
    "GET /v1/pid/1 HTTP/1.1\r\nContent-Length: 99999999999999999999",
    "GET /v1/pid/1 HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4",
    "GET /v1/pid/1 HTTP/1.1\r\nX: a\r\n folded",
];

/// What is put into requests that were good.
const JUNK: [&[u8]; 12] =
    [b"%", b"&", b"=", b"\r\n", b"/", b"..", b"%00", b",", b"@", b"-", b"\0", b"\xff\xfe"];

/// The status of an answer; `None` where there is none.
fn status(house: &House, request: &[u8]) -> Option<u16> {
    let answer = house.raw(request).unwrap();
    let status = answer.split(' ').nth(1)?.parse().unwrap();
    let (_head, body) = answer.split_once("\r\n\r\n").unwrap();
    let said =
        || serde_json::from_str::<serde_json::Value>(body).is_ok_and(|it| it["type"] == "error");
    assert!(status < 400 || body.is_empty() || said(), "{}: {answer}", request.escape_ascii());
    Some(status)
}

#[test]
fn what_is_no_question_is_refused_and_does_no_harm() {
    if !can_trace() {
        return;
    }
    let house = House::new("malformed", &[]);
    for head in HEADS {
        let refused = status(&house, format!("{head}\r\n\r\n").as_bytes());
        assert!(refused.is_none_or(|it| (400..500).contains(&it)), "{head}: {refused:?}");
    }
    let terms = |count: usize| (1..=count).map(|it| it.to_string()).collect::<Vec<_>>().join(",");
    for (query, expected) in [
        (format!("uid={}", terms(1500)), 200),
        (format!("comm={}", "*a*b,".repeat(1500) + "x"), 200),
        (format!("uid={}", terms(10_000)), 431),
    ] {
        let request = format!("GET /v1/ps?{query} HTTP/1.0\r\n\r\n");
        assert_eq!(status(&house, request.as_bytes()), Some(expected), "{query:.20}");
    }
    // Many at once, with and without a body that nobody wants.
    let one = "GET /v1/pid/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /v1/pid/1 HTTP/1.1\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n\
                5\r\nhello\r\n0\r\n\r\n";
    let answers = house.raw((one.repeat(99) + last).as_bytes()).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 100);

    // Good ones with junk in them, at each place.
    let mut seen = std::collections::BTreeMap::new();
    for good in ["GET /v1/ps?pid=1&threads=1 HTTP/1.0\r\n\r\n", "GET /v1/pid/1 HTTP/1.0\r\n\r\n"] {
        for (at, junk) in (0..good.len()).zip(JUNK.iter().cycle()) {
            let request = [&good.as_bytes()[..at], junk, &good.as_bytes()[at..], b"\r\n"].concat();
            let got = status(&house, &request);
            assert!(got.is_none_or(|it| it < 500), "{}: {got:?}", request.escape_ascii());
            *seen.entry(got).or_insert(0) += 1;
        }
    }
    assert!(seen.contains_key(&Some(400)) && seen.contains_key(&Some(404)), "{seen:?}");
    assert_eq!(house.ask("/healthz").unwrap().status, 200, "{}", house.log());
    assert!(!house.log().contains("panick"), "{}", house.log());
}

/// Somebody who is nobody.
const NOBODY: u32 = 65534;

#[test]
fn a_stranger_is_refused_also_where_the_socket_lets_him_in() {
    if !can_trace() {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can be somebody else");
        return;
    }
    let house = House::new("stranger", &[]);
    let by_stranger = || {
        let ask = || {
            // Of this thread only, which ends with it.
            let nobody = Uid::from_raw(NOBODY);
            set_thread_res_uid(nobody, nobody, nobody).unwrap();
            house.ask("/v1/pid/1")
        };
        thread::scope(|scope| scope.spawn(ask).join().unwrap())
    };
    assert!(by_stranger().is_none(), "the mode keeps him out");
    fs::set_permissions(house.path("socket"), Permissions::from_mode(0o666)).unwrap();
    let refused = by_stranger().unwrap();
    assert_eq!(refused.status, 403, "{refused:?}");
    assert!(refused.body.contains("this user may not ask"), "{refused:?}");
    assert_eq!(house.ask("/v1/pid/1").unwrap().status, 200);
}

#[test]
fn of_many_that_start_at_once_one_does() {
    if !can_trace() {
        return;
    }
    let house = House::empty("race");
    let start = || {
        let mut command = house.command();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let mut daemons: Vec<_> = (0..4).map(|_| start()).collect();
    let mut ended = Vec::new();
    wait("all but one have given up", || {
        daemons.retain_mut(|daemon| match daemon.try_wait().unwrap() {
            Some(status) => {
                ended.push(status.code());
                false
            }
            None => true,
        });
        ended.len() >= 3
    });
    assert_eq!(ended, [Some(2); 3]);
    wait("the one answers", || house.ask("/healthz").is_some_and(|it| it.status == 200));
    let mut one = daemons.pop().unwrap();
    one.kill().unwrap();
    one.wait().unwrap();
}
