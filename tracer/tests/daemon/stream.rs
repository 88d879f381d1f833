//! Somebody who listens to events.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::Shutdown,
    os::unix::net::UnixStream,
};

use super::house::{House, PATIENCE};

/// One message of server-sent events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Empty if it has none.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: String,
}

impl Message {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// Somebody who listens.
pub(crate) struct Listener {
    stream: BufReader<UnixStream>,
    pub(crate) head: String,
}

impl Listener {
    /// Asks for events; behind one, if there is one to go on behind.
    pub(crate) fn new(house: &House, query: &str, last: Option<&str>) -> Self {
        let mut stream = UnixStream::connect(house.path("socket")).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        write!(stream, "GET /v1/events?{query} HTTP/1.0\r\nHost: x\r\n{last}\r\n").unwrap();
        let mut it = Self { stream: BufReader::new(stream), head: String::new() };
        while it.line().is_some_and(|line| {
            it.head.push_str(&line.to_lowercase());
            it.head.push('\n');
            !line.is_empty()
        }) {}
        it
    }

    /// One that is listened to: its header has come.
    pub(crate) fn open(house: &House, query: &str, last: Option<&str>) -> Self {
        let mut it = Self::new(house, query, last);
        assert!(it.head.starts_with("http/1.0 200 "), "{}", it.head);
        assert!(it.head.contains("content-type: text/event-stream\n"), "{}", it.head);
        let header = it.next().unwrap();
        assert_eq!((header.kind.as_str(), &header.json()["type"]), ("header", &"header".into()));
        it
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).expect("it has been silent for too long");
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The next message; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<Message> {
        let mut message = Message { id: String::new(), kind: String::new(), data: String::new() };
        loop {
            let line = self.line()?;
            match line.split_once(": ") {
                None if line.is_empty() && message.kind.is_empty() => {}
                None if line.is_empty() => return Some(message),
                Some(("id", id)) => id.clone_into(&mut message.id),
                Some(("event", kind)) => kind.clone_into(&mut message.kind),
                Some(("data", data)) => {
                    // Lines of one message.
                    if !message.data.is_empty() {
                        message.data.push('\n');
                    }
                    message.data.push_str(data);
                }
                _ => assert!(line.starts_with(':'), "{line}"),
            }
        }
    }

    /// All messages up to one, which is among them.
    pub(crate) fn until(&mut self, is_last: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut all = Vec::new();
        loop {
            let message = self.next().unwrap_or_else(|| panic!("it ended behind {:?}", all.last()));
            let last = is_last(&message);
            all.push(message);
            if last {
                return all;
            }
        }
    }

    /// Says that nothing more is asked, and reads to the end.
    pub(crate) fn end(&mut self) -> Vec<Message> {
        self.stream.get_ref().shutdown(Shutdown::Write).unwrap();
        std::iter::from_fn(|| self.next()).collect()
    }
}
