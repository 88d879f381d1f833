//! What happens, as those learn it who listen.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use super::{
    house::House,
    resident,
    run::can_trace,
    sleeper,
    stream::{Listener, Message},
};

/// Runs a program that makes many processes, and one with this argument at the end.
fn storm(many: u32, mark: &str) {
    let script =
        format!("i=0; while [ $i -lt {many} ]; do ( : ); i=$((i+1)); done; /bin/true {mark}");
    assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
}

fn is_mark(message: &Message, mark: &str) -> bool {
    message.kind == "exec" && message.data.contains(mark) && message.json()["comm"] == "true"
}

#[test]
fn events_are_told_to_who_asks_for_them() {
    if !can_trace() {
        return;
    }
    let house = House::new("told", &[]);
    let (mut child, mut other) = (sleeper(), sleeper());
    let mut one = Listener::open(&house, &format!("pid={}", child.id()), None);
    let mut exits = Listener::open(&house, "type=exit&comm=cat", None);
    let mut text =
        Listener::new(&house, &format!("pid={}&format=text&time=wall", child.id()), None);
    for waits in [&mut child, &mut other] {
        drop(waits.stdin.take());
        waits.wait().unwrap();
    }
    let told = one.until(|message| message.kind == "release");
    for message in &told {
        assert_eq!(message.json()["pid"], child.id(), "{message:?}");
        assert_eq!(message.json()["type"], *message.kind);
        assert!(message.id.len() > 17 && message.id.as_bytes()[16] == b'-', "{message:?}");
    }
    assert_eq!(told.iter().filter(|message| message.kind == "exit").count(), 1, "{told:?}");
    exits.until(|message| message.json()["pid"] == other.id());
    let kinds: Vec<String> =
        text.until(|it| it.kind == "release").into_iter().map(|it| it.kind).collect();
    assert_eq!(kinds[..2], ["about", "header"]);
    // Who says that nothing more is asked gets the sum.
    let sum = one.end().pop().unwrap();
    assert_eq!((sum.kind.as_str(), &sum.json()["types"]["exit"]), ("summary", &1.into()));
    assert_eq!(sum.json()["lost"], 0);
}

#[test]
fn what_cannot_be_told_is_refused_with_the_reason() {
    if !can_trace() {
        return;
    }
    let house = House::new("refused", &[]);
    for (query, status, reason) in [
        ("type=birth", 400, "birth"),
        ("pid=999999999", 404, "no task has PID"),
        ("since=9999999999", 400, "there is no event 9999999999 yet"),
        ("record=/tmp/x", 400, "no such parameter"),
    ] {
        let answer = house.ask(&format!("/v1/events?{query}")).unwrap();
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        assert!(answer.body.contains(reason), "{query}: {answer:?}");
    }
    let full: Vec<_> = (0..16).map(|_| Listener::open(&house, "", None)).collect();
    let more = house.ask("/v1/events").unwrap();
    assert_eq!(more.status, 503, "{more:?}");
    assert!(more.body.contains("too many clients listen"), "{more:?}");
    drop(full);
    super::run::wait("there is room again", || {
        Listener::new(&house, "", None).head.starts_with("http/1.0 200 ")
    });
}

#[test]
fn who_comes_back_misses_nothing_and_hears_nothing_twice() {
    if !can_trace() {
        return;
    }
    let house = House::new("back", &["--backlog", "64M"]);
    for query in ["type=all&threads=1", "comm=true", &format!("tree={}", std::process::id())] {
        let mut stays = Listener::open(&house, query, None);
        let mut leaves = Listener::open(&house, query, None);
        storm(20, "first");
        let before = leaves.until(|message| is_mark(message, "first"));
        // In the middle, also of what one event of the kernel told.
        let known = &before[before.len() / 2];
        drop(leaves);
        storm(20, "second");
        let mut returns = Listener::open(&house, query, Some(&known.id));
        storm(20, "third");
        let all = stays.until(|message| is_mark(message, "third"));
        let rest = returns.until(|message| is_mark(message, "third"));
        let at = all.iter().position(|message| message == known).unwrap();
        assert_eq!(all[at + 1..], rest, "{query}");
        let ids: std::collections::HashSet<_> = all.iter().map(|message| &message.id).collect();
        assert_eq!(ids.len(), all.len(), "{query}: each has an id of its own");
    }
}

#[test]
fn what_is_kept_no_more_is_said_to_be_missing() {
    if !can_trace() {
        return;
    }
    let mut house = House::new("old", &["--backlog", "64K"]);
    let mut stays = Listener::open(&house, "", None);
    storm(1, "first");
    let first = stays.until(|message| is_mark(message, "first")).pop().unwrap();
    storm(400, "second");
    let second = stays.until(|message| is_mark(message, "second")).pop().unwrap();
    let mut returns = Listener::open(&house, "", Some(&first.id));
    let gap = returns.next().unwrap();
    let said = gap.json();
    assert_eq!((gap.kind.as_str(), &said["why"]), ("gap", &"too_old".into()));
    let seq = |id: &str| id[17..].split('.').next().unwrap().parse::<u64>().unwrap();
    let (from, to) = (seq(said["from"].as_str().unwrap()), seq(said["to"].as_str().unwrap()));
    assert_eq!(from, seq(&first.id) + 1);
    assert_eq!(said["count"], to - from + 1);
    assert!(to < seq(&second.id), "the latest are kept");
    let rest = returns.until(|message| is_mark(message, "second"));
    assert_eq!(rest.last(), Some(&second));
    assert!(returns.end().pop().unwrap().json()["lost"].as_u64().unwrap() >= to - from);

    // A number of another run means nothing here.
    house.end(rustix::process::Signal::TERM);
    house.start(&[]);
    let mut anew = Listener::open(&house, "", Some(&second.id));
    assert_eq!(anew.next().unwrap().json()["why"], "other_run");
    storm(1, "third");
    anew.until(|message| is_mark(message, "third"));
}

#[test]
fn a_daemon_that_ends_says_so_to_who_listens() {
    if !can_trace() {
        return;
    }
    let mut house = House::new("ends", &[]);
    let mut listener = Listener::open(&house, "type=ns_create", None);
    house.end(rustix::process::Signal::TERM);
    let end = listener.until(|message| message.kind == "end").pop().unwrap();
    assert_eq!(end.json()["why"], "the daemon is ending");
    assert_eq!(listener.next().unwrap().kind, "summary");
    assert_eq!(listener.next(), None);
}

#[test]
fn who_never_reads_holds_nobody_up_and_is_told_what_it_missed() {
    if !can_trace() {
        return;
    }
    let house = House::new("deaf", &[]);
    let before = resident(house.pid());
    let mut deaf = Listener::new(&house, "type=all&threads=1", None);
    let mut sound = Listener::open(&house, "type=exec", None);
    let begun = Instant::now();
    let storms = std::thread::spawn(|| storm(8000, "over"));
    let mut slowest = Duration::ZERO;
    while !storms.is_finished() {
        let asked = Instant::now();
        assert_eq!(house.ask("/v1/pid/1").unwrap().status, 200);
        slowest = slowest.max(asked.elapsed());
    }
    storms.join().unwrap();
    assert!(slowest < Duration::from_secs(5), "it took {slowest:?} for an answer");
    let told = sound.until(|message| is_mark(message, "over"));
    assert!(told.iter().all(|message| message.kind == "exec"), "others miss nothing");
    let after = resident(house.pid());
    assert!(after < before + (48 << 20), "{before} bytes became {after}");

    let mut last = String::new();
    let gap = loop {
        let Some(message) = deaf.next() else {
            // Who takes nothing for half a minute is cut off; only a very slow machine gets here.
            assert!(begun.elapsed() > Duration::from_secs(30), "it is told what it has missed");
            return;
        };
        if message.kind == "gap" {
            break message;
        }
        last = message.id;
    };
    let said = gap.json();
    assert_eq!(said["why"], "slow");
    assert!(said["count"].as_u64().unwrap() > 0 && said["from"].as_str().unwrap() != last);
    assert_eq!(said["to"], gap.id);
    let lost = deaf.end().pop().unwrap().json()["lost"].as_u64().unwrap();
    assert!(lost >= said["count"].as_u64().unwrap());
    let log = fs::read_to_string(house.path("log")).unwrap();
    assert!(!log.contains("panick"), "{log}");
}
