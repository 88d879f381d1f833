//! A client of the daemon that stays connected, and one who answers at once, to compare with.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection that is kept.
pub(super) struct Client {
    stream: UnixStream,
    /// What has come, for its memory.
    answer: Vec<u8>,
}

impl Client {
    /// To whoever listens on the socket.
    pub(super) fn connect(socket: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, answer: Vec::new() })
    }

    /// Asks for a path; the body, and how long that took.
    pub(super) fn get(&mut self, path: &str) -> Result<(&str, Duration)> {
        self.answer.clear();
        let begun = Instant::now();
        write!(self.stream, "GET {path} HTTP/1.1\r\nHost: tracer\r\n\r\n")?;
        let body = loop {
            let mut bytes = [0; 16 * 1024];
            let read = self.stream.read(&mut bytes)?;
            ensure!(read > 0, "{path}: the daemon hung up");
            self.answer.extend_from_slice(&bytes[..read]);
            if let Some(start) = whole(&self.answer) {
                break start;
            }
        };
        let took = begun.elapsed();
        let text = str::from_utf8(&self.answer).context("an answer that is no text")?;
        ensure!(text.split(' ').nth(1) == Some("200"), "{path}: {text}");
        Ok((&text[body..], took))
    }
}

/// Where the body of an answer starts, once all of it is there.
fn whole(answer: &[u8]) -> Option<usize> {
    let start = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&answer[..start]).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    })?;
    (answer.len() >= start + length).then_some(start)
}

/// A thread that sends back a page for each byte: what a round trip costs where nothing is asked.
pub(super) struct Echo(UnixStream);

impl Echo {
    pub(super) fn start() -> Result<Self> {
        let (mut far, near) = UnixStream::pair()?;
        thread::spawn(move || {
            let mut byte = [0];
            while far.read_exact(&mut byte).is_ok() && far.write_all(&[0; 1400]).is_ok() {}
        });
        Ok(Self(near))
    }

    /// There and back.
    pub(super) fn trip(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        self.0.write_all(&[0])?;
        self.0.read_exact(&mut [0; 1400])?;
        Ok(begun.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_body_is() {
        let text = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(whole(text), Some(text.len() - 3));
        for len in 0..text.len() {
            assert_eq!(whole(&text[..len]), None, "{len}");
        }
    }
}
