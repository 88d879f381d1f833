//! From a request to a question: what may be asked, in the words of the command line.
//!
//! The filters of a query have the names that they have on the command line, and are read by the same
//! parser, so both mean the same. What is not named here cannot be asked for: no file, no output.

mod place;
mod query;

use std::cell::RefCell;

use clap::{CommandFactory as _, FromArgMatches as _};

use super::feed::Since;
use crate::{
    cli::{self, Cli, Verb},
    command::fault::Fault,
};
use place::{Place, find};
use query::{FORM, decode};
pub(super) use query::{Form, Text};

/// What is asked.
#[derive(Debug)]
pub(super) enum Question {
    /// Something of the tables.
    Tables(Asked),
    /// What happens from now on, or from an event on.
    Events(Box<Listen>),
    /// What a recording tells of a number.
    History(Box<cli::History>),
    /// What can be asked, and how it is answered.
    Description,
}

/// What is asked of the tables.
#[derive(Debug)]
pub(super) enum Asked {
    /// What a verb says of them.
    Say(Box<Verb>),
    /// What the rules say.
    Check,
    /// What is hooked, and what cannot be seen.
    Coverage,
    /// Whether all is well.
    Health,
    /// Everything that is counted.
    Metrics,
}

impl Asked {
    /// Whether its answer may be of every task there is.
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::Say(verb) => !matches!(**verb, Verb::Pid(_) | Verb::Show(_)),
            _ => false,
        }
    }
}

/// Which events.
#[derive(Debug)]
pub(super) struct Listen {
    /// The filters.
    pub(super) live: cli::Live,
    /// Behind which event; else from now on.
    pub(super) since: Option<Since>,
    /// The time that relative times count from, ns since boot; else now.
    pub(super) start: Option<u64>,
}

/// Why a request is no question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is no such path.
    Unknown,
    /// It asks for something that is not to be had, or not in that way.
    Bad(String),
}

/// The filters on tasks.
const FILTERS: [&str; 8] = ["pid", "ns", "comm", "uid", "cgroup", "container", "tree", "threads"];

/// What else narrows events: their types, and their times, which the command line calls `since` and
/// `until`.
const EVENTS: [&str; 3] = ["type", "from", "until"];

/// Where a stream begins, which is no filter.
const BEGIN: [&str; 2] = ["since", "start"];

/// Bytes of a query at most.
const LONGEST: usize = 8192;

type Pairs = [(String, String)];

/// The question that a path with its query asks. `last` is the id of the event that a client was told
/// last, as browsers send it.
pub(super) fn question(
    path: &str,
    query: &str,
    last: Option<&str>,
) -> Result<(Question, Form), Refusal> {
    if path.len() + query.len() > LONGEST {
        return Err(Refusal::Bad("the query is too long".into()));
    }
    let (place, number) = find(path).ok_or(Refusal::Unknown)?;
    let pairs = query::pairs(query)?;
    let form = query::form(&pairs)?;
    only(&pairs, &parameters(place))?;
    let verb = |verb| verb_of(verb, &pairs, number, form);
    let say = |name| verb(name).map(Asked::Say);
    let asked = match place {
        Place::Health => Asked::Health,
        Place::Metrics => Asked::Metrics,
        Place::Check => Asked::Check,
        Place::Coverage => Asked::Coverage,
        Place::Ps => say("ps")?,
        Place::Tree => say("tree")?,
        Place::Containers => say("containers")?,
        Place::Ns => say("ns")?,
        Place::Pid => say("pid")?,
        Place::Task => say("show")?,
        Place::Events => return Ok((Question::Events(listen(pairs, form, last)?), form)),
        Place::History => match *verb("history")? {
            Verb::History(history) => return Ok((Question::History(Box::new(history)), form)),
            _ => return Err(Refusal::Unknown),
        },
        Place::Description => return Ok((Question::Description, form)),
    };
    Ok((Question::Tables(asked), form))
}

/// The parameters of a place, beside those of its form.
fn parameters(place: Place) -> Vec<&'static str> {
    match place {
        Place::Ps | Place::Tree | Place::Containers => FILTERS.to_vec(),
        Place::Ns => [&FILTERS[..], &["kind"]].concat(),
        Place::Events => [&FILTERS[..], &EVENTS, &BEGIN].concat(),
        _ => Vec::new(),
    }
}

/// Which events a query asks for.
fn listen(
    pairs: Vec<(String, String)>,
    form: Form,
    last: Option<&str>,
) -> Result<Box<Listen>, Refusal> {
    let (own, filters): (Vec<_>, Vec<_>) =
        pairs.into_iter().partition(|(key, _)| BEGIN.contains(&key.as_str()));
    let Verb::Live(live) = *verb_of("live", &filters, None, form)? else {
        return Err(Refusal::Unknown);
    };
    let value = |wanted: &str| own.iter().rfind(|(key, _)| key == wanted).map(|(_, text)| &**text);
    let bad = |what: &str, why: &str| Refusal::Bad(format!("{what}: {why}"));
    // What the header says is newer: a browser sends it when it comes back with the same address.
    let since = match (last, value("since")) {
        (Some(text), _) | (None, Some(text)) => {
            let since = text.parse().map_err(|()| {
                bad("since", "the id of an event is needed: its number, or RUN-NUMBER")
            })?;
            Some(since)
        }
        (None, None) => None,
    };
    let start = value("start").map(str::parse).transpose();
    let start = start.map_err(|_wrong| bad("start", "nanoseconds since boot are needed"))?;
    Ok(Box::new(Listen { live, since, start }))
}

/// Whether a query has no parameters but these.
fn only(pairs: &Pairs, known: &[&str]) -> Result<(), Refusal> {
    let strange = pairs.iter().map(|(key, _)| key.as_str());
    match strange.filter(|key| !FORM.contains(key)).find(|key| !known.contains(key)) {
        None => Ok(()),
        Some(key) => Err(Refusal::Bad(format!("{key}: there is no such parameter here"))),
    }
}

/// The verb that a request stands for, by the words of its command line.
fn verb_of(
    verb: &str,
    pairs: &Pairs,
    number: Option<&str>,
    form: Form,
) -> Result<Box<Verb>, Refusal> {
    let mut words = vec!["tracer".to_owned(), verb.to_owned()];
    if form.json {
        words.push("--json".into());
    }
    for (key, value) in pairs.iter().filter(|(key, _)| !FORM.contains(&key.as_str())) {
        if key == "cgroup" && value.split('/').any(|part| part == "..") {
            return Err(Refusal::Bad("cgroup: a path without .. is needed".into()));
        }
        match (key.as_str(), value.as_str()) {
            ("threads", "1" | "true" | "") => words.push("--threads".into()),
            ("threads", "0" | "false") => {}
            ("threads", _) => return Err(Refusal::Bad("threads is 0 or 1".into())),
            ("from", _) => words.push(format!("--since={value}")),
            _ => words.push(format!("--{key}={value}")),
        }
    }
    if let Some(number) = number {
        words.extend(["--".to_owned(), decode(number)?]);
    }
    match parse(&words) {
        Ok(cli) => Ok(Box::new(cli.verb)),
        Err(error) => Err(Refusal::Bad(Fault::usage(&error))),
    }
}

/// What a command line says. Making the parser takes longer than anything else that an answer needs,
/// so each thread makes it once.
fn parse(words: &[String]) -> Result<Cli, clap::Error> {
    thread_local! {
        static PARSER: RefCell<clap::Command> = RefCell::new(Cli::command());
    }
    let matches = PARSER.with_borrow_mut(|parser| parser.try_get_matches_from_mut(words))?;
    Cli::from_arg_matches(&matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, query: &str) -> String {
        match question(path, query, None) {
            Ok((question, form)) => format!("{question:?} {form:?}"),
            Err(refusal) => format!("{refusal:?}"),
        }
    }

    #[test]
    fn a_query_is_a_command_line_in_other_words() {
        let asked = words("/v1/ps", "pid=7%40pid:[4026532398]&comm=a*,b&threads=1&format=text");
        for word in ["Say(Ps(", "nr: 7", "Some(4026532398)", "threads: true", "json: false"] {
            assert!(asked.contains(word), "{asked}");
        }
        assert!(words("/v1/pid/7@4026532398", "").contains("Say(Pid("));
        assert!(words("/v1/ns", "kind=pid&container=web").contains("\"web\""));
        assert!(words("/healthz", "").starts_with("Tables(Health"));
        let asked = words("/v1/events", "type=fork,exit&until=%2B3s&since=7&start=9&time=boot");
        for word in ["Events(Listen", "FromStart(3000000000)", "seq: 7", "start: Some(9)", "Boot"] {
            assert!(asked.contains(word), "{word}: {asked}");
        }
        assert!(words("/v1/history/7@4026532398", "").starts_with("History(History"));
    }

    #[test]
    fn what_is_not_offered_cannot_be_asked_for() {
        for path in
            ["/", "/v1", "/v1/", "/v2/ps", "/v1/ps/x", "/v1/record", "//v1//ps", "/v1/daemon"]
        {
            assert_eq!(words(path, ""), "Unknown", "{path}");
        }
        let bad = [
            ("/v1/ps", "file=/etc/passwd"),
            ("/v1/ps", "at=3"),
            ("/v1/ps", "json=1"),
            ("/v1/ps", "pid=x"),
            ("/v1/ps", "pid=%4"),
            ("/v1/ps", "comm=%ff"),
            ("/v1/ps", "cgroup=/sys/fs/cgroup/../../etc"),
            ("/v1/ps", "threads=maybe"),
            ("/v1/ps", "format=xml"),
            ("/v1/ps", "cgroup="),
            ("/v1/ps", "container="),
            ("/v1/ps", "--annotate=/etc/passwd"),
            ("/v1/pid/--annotate", ""),
            ("/v1/pid/-1", ""),
            ("/v1/check", "pid=1"),
            ("/v1/events", "since=yesterday"),
            ("/v1/events", "since=x-1"),
            ("/v1/events", "start=x"),
            ("/v1/events", "record=/etc/passwd"),
            ("/v1/events", "plan=kprobe"),
            ("/v1/events", "type=birth"),
            ("/v1/history/x", ""),
            ("/v1/history/7", "file=/etc/passwd"),
            ("/openapi.json", "pid=1"),
        ];
        for (path, query) in bad {
            assert!(
                words(path, query).starts_with("Bad("),
                "{path}?{query}: {}",
                words(path, query)
            );
        }
        assert!(words("/v1/ps", &"a".repeat(LONGEST)).starts_with("Bad("));
    }

    #[test]
    fn what_a_client_was_told_last_counts_more_than_its_address() {
        let (question, _) = question("/v1/events", "since=7", Some("9")).unwrap();
        assert!(format!("{question:?}").contains("seq: 9"), "{question:?}");
        assert!(super::question("/v1/events", "", Some("junk")).is_err());
    }

    #[test]
    fn the_description_names_what_can_be_asked_and_no_more() {
        let text = include_str!("openapi.json");
        let description: serde_json::Value = serde_json::from_str(text).unwrap();
        let told: Vec<_> = description["paths"].as_object().unwrap().keys().collect();
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let known = place::PLACES.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(sorted(told.into_iter().cloned().collect()), sorted(known));
        for (path, place) in place::PLACES {
            let told = description["paths"][path]["get"]["parameters"].as_array().unwrap();
            let name = |told: &serde_json::Value| {
                let to = told["$ref"].as_str().unwrap().trim_start_matches('#').to_owned();
                let told = description.pointer(&to).unwrap();
                (told["in"] == "query").then(|| told["name"].as_str().unwrap().to_owned())
            };
            let known = parameters(place).into_iter().chain(FORM).map(str::to_owned).collect();
            assert_eq!(sorted(told.iter().filter_map(name).collect()), sorted(known), "{path}");
        }
    }
}
