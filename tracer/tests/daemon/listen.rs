//! `live` and `history` where a daemon runs.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader, Read as _},
    process::{Child, Command, Output, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

use super::{
    house::House,
    run::{TRACER, can_trace, complaint, wait},
    sleeper,
};

/// `tracer live` that has shown its head.
pub(super) struct Live {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    said: String,
}

impl Live {
    pub(super) fn start(house: &House, words: &[&str]) -> Self {
        let mut command = Command::new(TRACER);
        command
            .args(["live", "--color", "never", "--socket"])
            .arg(house.path("socket"))
            .args(words);
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut it = Self { child, out, said: String::new() };
        it.line();
        it
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(self.out.read_line(&mut line).unwrap(), 0, "it ended behind {}", self.said);
        self.said.push_str(&line);
        line
    }

    /// Reads up to a line that has this.
    pub(super) fn until(&mut self, word: &str) {
        while !self.line().contains(word) {}
    }

    fn signal(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Its end, after SIGINT.
    pub(super) fn end(mut self) -> Output {
        self.signal();
        self.out.read_to_string(&mut self.said).unwrap();
        let mut stderr = Vec::new();
        self.child.stderr.take().unwrap().read_to_end(&mut stderr).unwrap();
        let status = self.child.wait().unwrap();
        Output { status, stdout: self.said.into_bytes(), stderr }
    }
}

/// What `live` shows of a process that ends.
fn shown(house: &House, words: &[&str]) -> Output {
    let mut child = sleeper();
    let pid = child.id().to_string();
    let words = [&["--pid", &pid, "--type", "exit,release"], words].concat();
    let mut live = Live::start(house, &words);
    drop(child.stdin.take());
    child.wait().unwrap();
    live.until("release");
    live.end()
}

/// The letters of a text: what does not depend on the moment.
fn shape(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let words = |line: &str| {
        let letters = |word: &&str| word.chars().all(|letter| letter.is_ascii_alphabetic());
        let units = ["ns", "us", "ms", "s"];
        line.split_whitespace()
            .filter(letters)
            .filter(|word| !units.contains(word))
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.lines().map(words).collect()
}

#[test]
fn live_by_the_daemon_is_live_by_itself() {
    if !can_trace() {
        return;
    }
    let house = House::new("live", &[]);
    let (asked, own) = (shown(&house, &["--json"]), shown(&house, &["--json", "--no-daemon"]));
    let lines = |output: &Output| -> Vec<(String, BTreeSet<String>)> {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut keys: BTreeSet<_> = line.as_object().unwrap().keys().cloned().collect();
            // The header of one that has not swept yet cannot know that some tasks are hidden.
            keys.remove("hidden_tasks");
            (line["type"].as_str().unwrap().to_owned(), keys)
        };
        text.lines().map(line).collect()
    };
    assert_eq!(asked.status.code(), Some(0), "{}", complaint(&asked));
    assert_eq!(lines(&asked), lines(&own));
    assert_eq!(lines(&asked).last().unwrap().0, "summary");

    let (asked, own) = (shown(&house, &[]), shown(&house, &["--no-daemon"]));
    assert_eq!(shape(&asked.stdout), shape(&own.stdout));
    // The first lines say who traces.
    let sum = |output: &Output| {
        shape(&output.stderr)
            .into_iter()
            .skip_while(|line| !line.starts_with("events"))
            .collect::<Vec<_>>()
    };
    assert_eq!(sum(&asked), sum(&own), "{}{}", complaint(&asked), complaint(&own));
    assert!(complaint(&asked).contains("# the daemon traces Linux"), "{}", complaint(&asked));
    assert!(complaint(&asked).ends_with("nothing lost\n"), "{}", complaint(&asked));
}

#[test]
fn live_traces_itself_what_the_daemon_cannot_tell() {
    if !can_trace() {
        return;
    }
    let house = House::new("own", &[]);
    for words in [&["--", "true"][..], &["--ring", "4M"], &["--type", "all"], &["--no-daemon"]] {
        let words = [&["--duration", "10ms"], words].concat();
        let out = house.verb(&[&["live"], &words[..]].concat());
        assert_eq!(out.status.code(), Some(0), "{words:?}: {}", complaint(&out));
        assert!(!complaint(&out).contains("the daemon"), "{words:?}: {}", complaint(&out));
    }
    let out = house.verb(&["live", "--duration", "10ms"]);
    assert!(complaint(&out).contains("the daemon traces"), "{}", complaint(&out));
    let absent = house.verb(&["live", "--pid", "999999999"]);
    let own = house.verb(&["live", "--pid", "999999999", "--no-daemon"]);
    assert_eq!((absent.status.code(), complaint(&absent)), (Some(1), complaint(&own)));
}

#[test]
fn live_waits_for_a_daemon_that_is_started_anew() {
    if !can_trace() {
        return;
    }
    let mut house = House::new("anew", &[]);
    let mut live = Live::start(&house, &["--json", "--type", "exec"]);
    house.end(Signal::KILL);
    house.start(&[]);
    live.until("\"other_run\"");
    assert!(Command::new("true").arg("behind-the-gap").status().unwrap().success());
    live.until("behind-the-gap");
    let out = live.end();
    assert_eq!(out.status.code(), Some(0), "{}", complaint(&out));
    for said in ["the daemon has gone", "was started anew"] {
        assert!(complaint(&out).contains(said), "{}", complaint(&out));
    }
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(text.matches("\"type\":\"header\"").count(), 1, "{text}");
    assert_eq!(text.matches("\"type\":\"summary\"").count(), 1, "{text}");

    // One that does not come back is an error, also for who does not wait for long.
    let live = Live::start(&house, &[]);
    house.end(Signal::KILL);
    let out = live.end();
    assert_eq!(out.status.code(), Some(1), "{}", complaint(&out));
    assert!(complaint(&out).contains("has gone"), "{}", complaint(&out));
}

#[test]
fn the_life_of_who_is_gone_is_told_by_the_recordings() {
    if !can_trace() {
        return;
    }
    let mut house = House::empty("past");
    let dir = house.path("kept");
    house.start(&["--dir", &dir.display().to_string()]);
    let mut child = sleeper();
    drop(child.stdin.take());
    child.wait().unwrap();
    let pid = child.id().to_string();
    wait("what has happened is written", || {
        let answer = house.ask(&format!("/v1/history/{pid}")).unwrap();
        // With tracepoints only, that it was reaped is inferred.
        answer.status == 200 && answer.body.contains("\"type\":\"release\"")
    });
    let asked = house.verb(&["history", &pid, "--json"]);
    let text = house.verb(&["history", &pid, "--time", "wall"]);
    assert_eq!(asked.status.code(), Some(0), "{}", complaint(&asked));
    let absent = house.verb(&["history", "999999999"]);
    assert_eq!(absent.status.code(), Some(1), "{}", complaint(&absent));
    assert!(complaint(&absent).contains("nobody had the PID 999999999"), "{}", complaint(&absent));

    house.end(Signal::TERM);
    let files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|it| it.unwrap().path()).collect();
    let own = |words: &[&str]| {
        let mut command = Command::new(TRACER);
        command.arg("history").args(&files).arg(&pid).args(words).output().unwrap()
    };
    let lives = |output: &Output| {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines()
            .filter(|line| line.contains("\"life\":"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(lives(&asked), lives(&own(&["--json"])));
    assert_eq!(text.stdout, own(&["--time", "wall"]).stdout);

    let nobody = house.verb(&["history", &pid]);
    assert_eq!(nobody.status.code(), Some(2), "{}", complaint(&nobody));
    assert!(complaint(&nobody).contains("no daemon answers at"), "{}", complaint(&nobody));
    house.start(&[]);
    let nothing = house.verb(&["history", &pid]);
    assert_eq!(nothing.status.code(), Some(1), "{}", complaint(&nothing));
    assert!(complaint(&nothing).contains("nothing is recorded here"), "{}", complaint(&nothing));
}
