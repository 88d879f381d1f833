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

use clap::{ArgMatches, CommandFactory as _};

use super::{fault::Fault, out, settings};
use crate::cli::{self, Cli, Moment};

/// How long the daemon may be silent.
const PATIENCE: Duration = Duration::from_secs(15);

/// Options that the daemon takes.
const SENT: [&str; 9] =
    ["pid", "ns", "comm", "uid", "cgroup", "container", "tree", "kind", "threads"];

/// Prints what the daemon says; `None` where nobody is to be asked, or nobody answers: then the kernel
/// is read.
pub(super) fn print(moment: &Moment, output: cli::Output) -> Result<Option<ExitCode>, Fault> {
    if moment.file.is_some() || moment.at.is_some() || moment.no_daemon {
        return Ok(None);
    }
    let matches = Cli::command().get_matches_from(std::env::args_os());
    let Some((verb, typed)) = matches.subcommand() else { return Ok(None) };
    let style = settings::style(output);
    let mut path = path(verb, typed);
    for (key, value) in [("color", style.color), ("ascii", style.ascii)] {
        let _ = write!(path, "&{key}={}", u8::from(value));
    }
    path.push_str(if output.json { "&format=json" } else { "&format=text" });
    match get(&moment.socket, &path) {
        Ok((200, body)) => {
            out::print(body)?;
            Ok(Some(ExitCode::SUCCESS))
        }
        Ok((status @ 400..=499, body)) => Err(refused(status, &body)),
        // It is starting, ending, or not ours to ask.
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Path and query of what was typed.
fn path(verb: &str, typed: &ArgMatches) -> String {
    let verb = if verb == "show" { "task" } else { verb };
    let mut path = format!("/v1/{verb}");
    let numbered = matches!(verb, "pid" | "task");
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
                let _ = write!(query, "&{id}=");
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

/// One request: status and body.
fn get(socket: &Path, path: &str) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // Of version 1.0, so that the answer ends where the connection does.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: tracer\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(answer: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(answer.get(..end)?).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let body = answer.get(end + 4..)?.to_vec();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    // An answer that was cut is none.
    (length == Some(body.len())).then_some((status, body))
}

/// Why the daemon gives no answer.
fn refused(status: u16, body: &[u8]) -> Fault {
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
        assert_eq!(sent(&["ns", "--kind", "pid,net"]), "/v1/ns?&kind=pid&kind=net");
    }

    #[test]
    fn an_answer_that_was_cut_is_none() {
        let whole = b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(parse(whole), Some((200, b"abc".to_vec())));
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
