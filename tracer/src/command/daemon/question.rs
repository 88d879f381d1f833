//! From a request to a question: what may be asked, in the words of the command line.
//!
//! The filters of a query have the names that they have on the command line, and are read by the same
//! parser, so both mean the same. What is not named here cannot be asked for: no file, no time, no
//! output.

use std::cell::RefCell;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::{Cli, Verb};

/// What is asked.
#[derive(Debug)]
pub(super) enum Question {
    /// What a verb says of the tables.
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

impl Question {
    /// Whether its answer may be of every task there is.
    pub(super) fn is_large(&self) -> bool {
        match self {
            Self::Say(verb) => !matches!(**verb, Verb::Pid(_) | Verb::Show(_)),
            _ => false,
        }
    }
}

/// In which form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// As JSON lines, else as text.
    pub(super) json: bool,
    /// Text in colours.
    pub(super) color: bool,
    /// Text without letters beyond ASCII.
    pub(super) ascii: bool,
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

/// The answers' form, in every query.
const FORM: [&str; 3] = ["format", "color", "ascii"];

/// Bytes of a query at most.
const LONGEST: usize = 8192;

/// The question that a path with its query asks.
pub(super) fn question(path: &str, query: &str) -> Result<(Question, Form), Refusal> {
    if path.len() + query.len() > LONGEST {
        return Err(Refusal::Bad("the query is too long".into()));
    }
    let pairs = pairs(query)?;
    let form = form(&pairs)?;
    let mut parts = path.trim_start_matches('/').splitn(3, '/');
    let (first, second, third) = (parts.next(), parts.next(), parts.next());
    let question = match (first, second, third) {
        (Some("healthz"), None, None) => plain(&pairs, Question::Health)?,
        (Some("metrics"), None, None) => plain(&pairs, Question::Metrics)?,
        (Some("v1"), Some("check"), None) => plain(&pairs, Question::Check)?,
        (Some("v1"), Some("coverage"), None) => plain(&pairs, Question::Coverage)?,
        (Some("v1"), Some(verb @ ("ps" | "tree" | "containers")), None) => {
            say(verb, &pairs, &FILTERS, None, form)?
        }
        (Some("v1"), Some("ns"), None) => {
            say("ns", &pairs, &[&FILTERS[..], &["kind"]].concat(), None, form)?
        }
        (Some("v1"), Some("pid"), Some(number)) => say("pid", &pairs, &[], Some(number), form)?,
        (Some("v1"), Some("task"), Some(number)) => say("show", &pairs, &[], Some(number), form)?,
        _ => return Err(Refusal::Unknown),
    };
    Ok((question, form))
}

/// A question without filters.
fn plain(pairs: &[(String, String)], question: Question) -> Result<Question, Refusal> {
    match pairs.iter().find(|(key, _)| !FORM.contains(&key.as_str())) {
        None => Ok(question),
        Some((key, _)) => Err(Refusal::Bad(format!("{key}: there is no such parameter here"))),
    }
}

/// What a verb says, by the words of its command line.
fn say(
    verb: &str,
    pairs: &[(String, String)],
    known: &[&str],
    number: Option<&str>,
    form: Form,
) -> Result<Question, Refusal> {
    let mut words = vec!["tracer".to_owned(), verb.to_owned()];
    if form.json {
        words.push("--json".into());
    }
    for (key, value) in pairs.iter().filter(|(key, _)| !FORM.contains(&key.as_str())) {
        if !known.contains(&key.as_str()) {
            return Err(Refusal::Bad(format!("{key}: there is no such parameter here")));
        }
        if key == "cgroup" && value.split('/').any(|part| part == "..") {
            return Err(Refusal::Bad("cgroup: a path without .. is needed".into()));
        }
        match (key.as_str(), value.as_str()) {
            ("threads", "1" | "true" | "") => words.push("--threads".into()),
            ("threads", "0" | "false") => {}
            ("threads", _) => return Err(Refusal::Bad("threads is 0 or 1".into())),
            _ => words.push(format!("--{key}={value}")),
        }
    }
    if let Some(number) = number {
        words.extend(["--".to_owned(), decode(number)?]);
    }
    match parse(&words) {
        Ok(cli) => Ok(Question::Say(Box::new(cli.verb))),
        Err(error) => {
            let text = error.render().to_string();
            let line = text.lines().next().unwrap_or_default();
            Err(Refusal::Bad(line.trim_start_matches("error: ").to_owned()))
        }
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

/// The form of the answer.
fn form(pairs: &[(String, String)]) -> Result<Form, Refusal> {
    let mut form = Form { json: true, color: false, ascii: false };
    for (key, value) in pairs {
        let flag = || match value.as_str() {
            "1" | "true" => Ok(true),
            "0" | "false" => Ok(false),
            _ => Err(Refusal::Bad(format!("{key} is 0 or 1"))),
        };
        match (key.as_str(), value.as_str()) {
            ("format", "json") => form.json = true,
            ("format", "text") => form.json = false,
            ("format", _) => return Err(Refusal::Bad("format is json or text".into())),
            ("color", _) => form.color = flag()?,
            ("ascii", _) => form.ascii = flag()?,
            _ => {}
        }
    }
    Ok(form)
}

/// The parameters of a query.
fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        Ok((decode(key)?, decode(value)?))
    };
    query.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

/// A text without percent signs for bytes, and without plus signs for spaces.
fn decode(text: &str) -> Result<String, Refusal> {
    let bad = || Refusal::Bad("a percent sign without two digits, or no UTF-8 behind it".into());
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let (high, low) = (digit().ok_or_else(bad)?, digit().ok_or_else(bad)?);
                (high << 4 | low) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(out).map_err(|_wrong| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(path: &str, query: &str) -> String {
        match question(path, query) {
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
        assert!(words("/healthz", "").starts_with("Health"));
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
            ("/v1/ps", "--annotate=/etc/passwd"),
            ("/v1/pid/--annotate", ""),
            ("/v1/pid/-1", ""),
            ("/v1/check", "pid=1"),
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
    fn what_is_encoded_is_decoded() {
        assert_eq!(decode("a%20b%26%3d+%c3%a9%0A").unwrap(), "a b&= \u{e9}\n");
        assert!(decode("%").is_err() && decode("%4").is_err() && decode("%ff").is_err());
    }
}
