//! Asking the daemon, where one runs: it has the tables, and knows what was before.
//!
//! What was typed is sent as it was typed, and read there by the same parser.

use std::{
    fmt::Write as _,
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    process::ExitCode,
    time::Duration,
};

use clap::{ArgMatches, CommandFactory as _, ValueEnum as _};

use super::{fault::Fault, file::INCONCLUSIVE, out, settings};
use crate::cli::{self, Cli, Moment};

/// How long the daemon may be silent.
const PATIENCE: Duration = Duration::from_secs(15);

/// The same where it has to read recordings: longer than it takes for that at most.
const LONG: Duration = Duration::from_secs(100);

/// Options that the daemon takes.
const SENT: [&str; 12] = [
    "pid",
    "ns",
    "comm",
    "uid",
    "cgroup",
    "container",
    "tree",
    "kind",
    "types",
    "since",
    "until",
    "threads",
];

/// Prints what the daemon says; `None` where nobody is to be asked, or nobody answers: then the kernel
/// is read.
pub(super) fn print(moment: &Moment, output: cli::Output) -> Result<Option<ExitCode>, Fault> {
    if moment.file.is_some() || moment.at.is_some() || moment.no_daemon {
        return Ok(None);
    }
    let path = typed_path(|_| true).map(|path| path + &form(output));
    let Some(path) = path else { return Ok(None) };
    match get(&moment.socket, &path, PATIENCE) {
        Ok(Answer { status: 200, body, .. }) => {
            out::print(body)?;
            Ok(Some(ExitCode::SUCCESS))
        }
        Ok(Answer { status: status @ 400..=499, body, .. }) => Err(refused(status, &body)),
        // It is starting, ending, or not ours to ask.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Prints what the daemon has recorded.
pub(super) fn history(asked: &cli::Asked, shown: cli::Shown) -> Result<ExitCode, Fault> {
    let missing = |why: String| {
        let help =
            "name one: `tracer history FILE PID`; `tracer daemon --dir DIRECTORY` records always";
        Fault::unable("no recording is named", why, help)
    };
    if asked.no_daemon {
        return Err(missing("and no daemon is to be asked".into()));
    }
    let Some(path) = typed_path(|_| true) else { return Err(missing("nothing was typed".into())) };
    let path = path + &form(shown.output) + &time(shown);
    let socket = asked.socket.display();
    match get(&asked.socket, &path, LONG) {
        Ok(Answer { status: 200, certain, body }) => {
            out::print(body)?;
            if certain {
                return Ok(ExitCode::SUCCESS);
            }
            out::note("the daemon's recordings are damaged: something may be missing");
            Ok(ExitCode::from(INCONCLUSIVE))
        }
        Ok(Answer { status, body, .. }) => Err(refused(status, &body)),
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            Err(missing(format!("and the daemon at {socket} is too slow")))
        }
        Err(error) => Err(missing(format!("and no daemon answers at {socket} ({error})"))),
    }
}

/// Path and query of the command line, if the daemon takes all of it: `takes` says which options it
/// may not have.
pub(super) fn typed_path(takes: impl Fn(&ArgMatches) -> bool) -> Option<String> {
    let matches = Cli::command().get_matches_from(std::env::args_os());
    let (verb, typed) = matches.subcommand()?;
    takes(typed).then(|| path(verb, typed))
}

/// How it is to be answered.
pub(super) fn form(output: cli::Output) -> String {
    let style = settings::style(output);
    let format = if output.json { "json" } else { "text" };
    let (color, ascii) = (u8::from(style.color), u8::from(style.ascii));
    format!("&color={color}&ascii={ascii}&format={format}")
}

/// How times are to be written.
pub(super) fn time(shown: cli::Shown) -> String {
    let name = shown.time.to_possible_value().map(|value| value.get_name().to_owned());
    format!("&time={}", name.unwrap_or_default())
}

/// Path and query of what was typed.
fn path(verb: &str, typed: &ArgMatches) -> String {
    let verb = match verb {
        "show" => "task",
        "live" => "events",
        verb => verb,
    };
    let mut path = format!("/v1/{verb}");
    let numbered = matches!(verb, "pid" | "task" | "history");
    let mut query = String::from("?");
    for id in SENT.into_iter().filter(|id| typed.try_contains_id(id).unwrap_or(false)) {
        if id == "threads" {
            if typed.get_flag(id) {
                query.push_str("&threads=1");
            }
            continue;
        }
        for value in typed.get_raw(id).into_iter().flatten() {
            if numbered {
                path.push('/');
                encode(value.as_encoded_bytes(), &mut path);
            } else {
                let key = match id {
                    "types" => "type",
                    "since" => "from",
                    id => id,
                };
                let _ = write!(query, "&{key}=");
                encode(value.as_encoded_bytes(), &mut query);
            }
        }
    }
    path + &query
}

/// A text with percent signs for all that is not plain.
fn encode(text: &[u8], out: &mut String) {
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    status: u16,
    /// Nothing is missing from it, as far as the daemon knows.
    certain: bool,
    body: Vec<u8>,
}

/// Connects, and asks.
pub(super) fn send(socket: &Path, path: &str, patience: Duration) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(patience))?;
    stream.set_write_timeout(Some(patience))?;
    // Of version 1.0, so that the answer ends where the connection does.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: tracer\r\n\r\n")?;
    Ok(stream)
}

/// One request and its answer.
fn get(socket: &Path, path: &str, patience: Duration) -> io::Result<Answer> {
    let mut stream = send(socket, path, patience)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => error,
    })?;
    parse(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let (status, head, body) = head(answer)?;
    let field = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    // An answer that was cut is none.
    let length: usize = field("content-length")?.parse().ok()?;
    let certain = field("tracer-certain") != Some("no");
    (length == body.len()).then(|| Answer { status, certain, body: body.to_vec() })
}

/// Status and head of an answer, and what follows, once the head is whole.
pub(super) fn head(answer: &[u8]) -> Option<(u16, &str, &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, head, answer.get(end + 4..)?))
}

/// Why the daemon gives no answer.
pub(super) fn refused(status: u16, body: &[u8]) -> Fault {
    let field = |name: &str| {
        let text = String::from_utf8_lossy(body);
        let start = text.find(&format!("\"{name}\":\""))? + name.len() + 4;
        let rest = text.get(start..)?;
        let mut end = 0;
        let mut escaped = false;
        for (at, letter) in rest.char_indices() {
            if letter == '"' && !escaped {
                end = at;
                break;
            }
            escaped = letter == '\\' && !escaped;
        }
        Some(rest.get(..end)?.replace("\\\"", "\"").replace("\\\\", "\\"))
    };
    let what = field("message").unwrap_or_else(|| format!("the daemon answers {status}"));
    let help = field("help").unwrap_or_default();
    match status {
        404 => Fault::Absent { what, help },
        _ => Fault::unable("the daemon", what, help),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(words: &[&str]) -> String {
        let words = std::iter::once("tracer").chain(words.iter().copied());
        let matches = Cli::command().get_matches_from(words);
        let (verb, typed) = matches.subcommand().unwrap();
        path(verb, typed)
    }

    #[test]
    fn what_was_typed_is_sent_as_it_was_typed() {
        assert_eq!(sent(&["ps"]), "/v1/ps?");
        assert_eq!(
            sent(&["ps", "--comm", "a b*", "--pid=7@pid:[4026532398]", "--threads"]),
            "/v1/ps?&pid=7%40pid%3A%5B4026532398%5D&comm=a%20b%2A&threads=1"
        );
        assert_eq!(sent(&["pid", "7@4026532398"]), "/v1/pid/7%404026532398?");
        assert_eq!(sent(&["show", "7"]), "/v1/task/7?");
        assert_eq!(sent(&["history", "7"]), "/v1/history/7?");
        assert_eq!(
            sent(&["live", "--type", "fork", "--since", "+3s"]),
            "/v1/events?&type=fork&from=%2B3s"
        );
        assert_eq!(sent(&["ns", "--kind", "pid,net"]), "/v1/ns?&kind=pid&kind=net");
    }

    #[test]
    fn an_answer_that_was_cut_is_none() {
        let whole = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        let answer = Answer { status: 200, certain: true, body: b"abc".to_vec() };
        assert_eq!(parse(whole), Some(answer));
        for len in 0..whole.len() {
            assert_eq!(parse(&whole[..len]), None, "{len}");
        }
    }

    #[test]
    fn a_refusal_is_said_in_the_daemons_words() {
        let body = br#"{"type":"error","message":"no \"x\" here","help":"ask"}"#;
        let Fault::Absent { what, help } = refused(404, body) else { panic!() };
        assert_eq!((what.as_str(), help.as_str()), ("no \"x\" here", "ask"));
        assert!(matches!(refused(400, b"junk"), Fault::Unable { .. }));
    }
}
