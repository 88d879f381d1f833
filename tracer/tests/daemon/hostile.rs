//! Names that attack whoever reads them, on every way out of the daemon.

use std::{process::Command, str};

use serde_json::Value;

use super::{
    cast::{ARGS, Cast, NAMES, Player},
    house::House,
    listen::Live,
    run::{can_trace, complaint, wait},
    stream::{Listener, Message},
};

/// What may do harm wherever it is shown, beside the end of a line.
fn is_harmful(letter: char) -> bool {
    letter.is_control() && letter != '\n'
        || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Text that harms no terminal.
#[track_caller]
fn clean(text: &[u8]) -> &str {
    let text = str::from_utf8(text).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    assert!(!text.contains(is_harmful), "{text:?}");
    text
}

/// The body of an answer.
#[track_caller]
fn body(house: &House, path: &str) -> String {
    let mut told = Vec::new();
    // Recordings take long to read on a busy machine, and nobody waits for ever.
    wait(path, || {
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        told = house.bytes(request.as_bytes()).unwrap_or_default();
        !told.is_empty()
    });
    let bytes = told;
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = str::from_utf8(&bytes[..end]).unwrap();
    let body = clean(&bytes[end + 4..]);
    assert!(head.starts_with("HTTP/1.0 200 "), "{path}: {head}\n{body}");
    assert!(head.contains("x-content-type-options: nosniff"), "{path}: {head}");
    body.to_owned()
}

/// The lines of JSON.
#[track_caller]
fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The bytes of a text of JSON: those in hex beside it, if it is no text.
fn bytes(object: &Value, key: &str) -> Vec<u8> {
    match object[format!("{key}_hex")].as_str() {
        Some(hex) => unhex(hex),
        None => object[key].as_str().unwrap_or_default().into(),
    }
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
}

/// What an event says that a program was called with, its names behind the script.
fn arguments(event: &Value) -> Vec<Vec<u8>> {
    let of = |key: &str| event[key].as_array().map(|list| list.iter().map(Value::as_str));
    match of("args_hex") {
        Some(list) => list.map(|hex| unhex(hex.unwrap())).collect(),
        None => of("args").unwrap().map(|text| text.unwrap().into()).collect(),
    }
}

/// A text for a query.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| out + &format!("%{byte:02x}"))
}

#[test]
fn hostile_names_break_no_answer() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("hostile");
    let before = Cast::new(&house, "before");
    // Other tests make storms beside this one.
    house.start(&["--ring", "64M", "--dir", &house.path("kept").display().to_string()]);
    let after = Cast::new(&house, "after");
    for cast in [&before, &after] {
        wait("all are where they belong", || {
            cast.players.iter().all(|it| {
                let task = body(&house, &format!("/v1/ps?pid={}", it.pid()));
                objects(&task).iter().any(|line| line["container"]["id"] == it.container())
            })
        });
        for player in &cast.players {
            recoverable(&house, player);
        }
        for path in ["ps?format=text&pid=", "tree?format=text&tree=", "containers?format=text&pid="]
        {
            one_line_each(&house, cast, path);
        }
        one_line_each(&house, cast, "pid/PID?format=text");
        for player in &cast.players {
            framed(&body(&house, &format!("/v1/task/{}?format=text", player.pid())));
        }
    }
    verbs(&house);
    metrics(&body(&house, "/metrics"));
    for path in ["/healthz", "/v1/check", "/v1/check?format=text", "/v1/coverage?format=text"] {
        body(&house, path);
    }
    let pids: Vec<_> = after.players.iter().map(Player::pid).collect();
    drop((before, after));
    history(&house, &pids);
    clean(house.log().as_bytes());
}

/// What it is called, and its container, can be had again from JSON, and asked for.
fn recoverable(house: &House, player: &Player) {
    let pid = player.pid();
    // A comma is between two of them.
    let name = Some(player.container()).filter(|name| !name.contains(','));
    let by_name = name.map(|name| format!("/v1/ps?pid={pid}&container={}", encoded(&name)));
    let paths =
        [format!("/v1/ps?pid={pid}"), format!("/v1/tree?tree={pid}"), format!("/v1/task/{pid}")];
    for path in paths.into_iter().chain(by_name) {
        let lines = objects(&body(house, &path));
        let own = lines.iter().find(|line| line["type"] == "task" && line["pid"] == pid);
        let own = own.unwrap_or_else(|| panic!("{path}: {lines:?}"));
        assert_eq!(bytes(own, "comm"), player.name, "{path}: {own}");
        assert_eq!(own["container"]["id"], player.container(), "{path}: {own}");
    }
    let lines = objects(&body(house, &format!("/v1/containers?pid={pid}")));
    assert!(lines.iter().any(|line| line["container"]["id"] == player.container()), "{lines:?}");
}

/// A text about a hostile name has as many lines as one about a harmless one.
fn one_line_each(house: &House, cast: &Cast, path: &str) {
    let text = |player: &Player| {
        let pid = player.pid().to_string();
        let own =
            if path.contains("PID") { path.replace("PID", &pid) } else { path.to_owned() + &pid };
        body(house, &format!("/v1/{own}"))
    };
    let plain = text(&cast.players[0]);
    assert!(plain.contains("plain"), "{path}: {plain}");
    for player in &cast.players[1..] {
        let text = text(player);
        assert_eq!(text.lines().count(), plain.lines().count(), "{path}:\n{text}\n{plain}");
    }
}

/// What is drawn begins and ends each line with a frame.
fn framed(text: &str) {
    for line in text.lines() {
        let (first, last) = (line.chars().next().unwrap(), line.chars().last().unwrap());
        assert!("┌│└".contains(first) && "┐│┘".contains(last), "{line}\n{text}");
    }
}

/// What the commands print.
fn verbs(house: &House) {
    let own = std::process::id().to_string();
    for words in
        [&["ps"][..], &["ps", "--threads"], &["tree", "--tree", &own], &["ns"], &["containers"]]
    {
        let out = house.verb(words);
        assert_eq!(out.status.code(), Some(0), "{words:?}: {}", complaint(&out));
        clean(&out.stdout);
        let json = house.verb(&[words, &["--json"]].concat());
        objects(clean(&json.stdout));
        // Our own colours, and nothing of anybody else's.
        let painted = house.verb(&[words, &["--color", "always"]].concat());
        clean(uncoloured(str::from_utf8(&painted.stdout).unwrap()).as_bytes());
    }
}

/// A text without the sequences that colour it.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (codes, rest) = part.split_once('m').unwrap();
        assert!(codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{codes}");
        out.push_str(rest);
    }
    out
}

/// A page of `OpenMetrics`: nothing but its own names, and labels that are words of ours.
fn metrics(page: &str) {
    let (lines, end) = page.split_at(page.len() - "# EOF\n".len());
    assert_eq!(end, "# EOF\n");
    for line in lines.lines() {
        if let Some(about) = line.strip_prefix("# ") {
            let (kind, name) = about.split_once(' ').unwrap();
            assert!(["HELP", "TYPE", "UNIT"].contains(&kind), "{line}");
            assert!(name.starts_with("tracer_"), "{line}");
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{line}");
        for label in labels.strip_suffix('}').unwrap().split(',').filter(|it| !it.is_empty()) {
            let (_key, value) = label.split_once("=\"").unwrap();
            let word = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:".contains(&byte);
            assert!(value.strip_suffix('"').unwrap().bytes().all(word), "{line}");
        }
    }
}

/// The lives of those who have ended.
fn history(house: &House, pids: &[u32]) {
    let path = |pid: u32, form: &str| format!("/v1/history/{pid}?format={form}");
    let mut lengths = Vec::new();
    for (&pid, name) in pids.iter().zip(NAMES) {
        wait("its end is written", || {
            house.ask(&path(pid, "json")).is_some_and(|it| it.body.contains("\"type\":\"exit\""))
        });
        let text = body(house, &path(pid, "text")).lines().count();
        let lines = objects(&body(house, &path(pid, "json")));
        let of = |kind: &'static str| lines.iter().filter(move |line| line["type"] == kind);
        assert!(of("life").any(|life| bytes(life, "comm") == name), "{lines:?}");
        assert!(of("exec").any(|exec| bytes(exec, "filename").ends_with(name)), "{lines:?}");
        // A storm beside this may have used the number again.
        if of("life").count() == 1 {
            lengths.push((text, lines.len()));
        }
    }
    assert!(lengths.iter().all(|length| *length == lengths[0]), "{lengths:?}");
}

#[test]
fn hostile_names_forge_no_event() {
    if !can_trace() {
        return;
    }
    let house = House::new("forged", &["--ring", "64M"]);
    let tree = format!("tree={}&type=fork,rename,exec,exit,cg_create,cg_move", std::process::id());
    let mut listener = Listener::open(&house, &tree, None);
    let mut reader = Listener::new(&house, &format!("{tree}&format=text"), None);
    let own = std::process::id().to_string();
    let mut live = Live::start(&house, &["--tree", &own]);
    let mut json = Live::start(&house, &["--tree", &own, "--json"]);
    let cast = Cast::new(&house, "cast");
    let pids: Vec<_> = cast.players.iter().map(|it| (it.pid(), it.name)).collect();
    drop(cast);
    assert!(Command::new("true").arg("the-end").status().unwrap().success());

    let is_end = |it: &Message| it.kind == "exec" && it.data.contains("the-end");
    let told = listener.until(is_end);
    for (pid, name) in pids {
        let exec =
            told.iter().map(Message::json).find(|it| it["type"] == "exec" && it["pid"] == pid);
        let exec = exec.unwrap();
        assert_eq!(bytes(&exec, "comm"), name, "{exec}");
        assert!(bytes(&exec, "filename").ends_with(name), "{exec}");
        let typed: Vec<Vec<u8>> =
            [&[name], &ARGS[..]].concat().into_iter().map(Vec::from).collect();
        assert!(arguments(&exec).ends_with(&typed), "{exec}");
    }
    for message in &told {
        clean(message.data.as_bytes());
        assert!(!message.data.contains('\n'), "{message:?}");
        assert_eq!(message.json()["type"], message.kind, "{message:?}");
    }
    let read = reader.until(is_end);
    for message in read.iter().skip_while(|it| ["about", "header"].contains(&&*it.kind)) {
        clean(message.data.as_bytes());
        assert!(!message.data.contains('\n'), "{message:?}");
    }
    let events = |all: &[Message]| {
        let event = |it: &&Message| !["about", "header"].contains(&&*it.kind);
        let of = |it: &Message| (it.id.clone(), it.kind.clone());
        all.iter().filter(event).map(of).collect::<Vec<_>>()
    };
    assert_eq!(events(&told), events(&read), "both are told the same");

    live.until("the-end");
    clean(&live.end().stdout);
    json.until("the-end");
    objects(clean(&json.end().stdout));
}
