//! Server-sent events, as they come in pieces (WHATWG, server-sent events).

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) id: Option<String>,
    pub(super) kind: String,
    pub(super) data: String,
}

/// Puts messages together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    bytes: Vec<u8>,
    /// Where the next line begins.
    at: usize,
    message: Message,
}

impl Messages {
    /// More bytes have come.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message, once it is whole.
    pub(super) fn next(&mut self) -> Option<Message> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let end = rest.iter().position(|&byte| byte == b'\n')?;
            let line = String::from_utf8_lossy(rest.get(..end)?).into_owned();
            self.at += end + 1;
            if line.is_empty() {
                let message = std::mem::take(&mut self.message);
                if message != Message::default() {
                    return Some(message);
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "id" => self.message.id = Some(value.to_owned()),
                "event" => value.clone_into(&mut self.message.kind),
                "data" => {
                    if !self.message.data.is_empty() {
                        self.message.data.push('\n');
                    }
                    self.message.data.push_str(value);
                }
                // A comment, or something newer than we are.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_give_the_same_messages() {
        let text = ":\n\nid: r-1\nevent: fork\ndata: {\"a\":1}\n\n: alive\n\nevent: summary\n\
                    data: one\ndata: two\n\nid: r-2\n";
        let message = |id: Option<&str>, kind: &str, data: &str| Message {
            id: id.map(Into::into),
            kind: kind.into(),
            data: data.into(),
        };
        let whole =
            [message(Some("r-1"), "fork", "{\"a\":1}"), message(None, "summary", "one\ntwo")];
        for size in 1..text.len() {
            let mut messages = Messages::default();
            let mut got = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                messages.push(piece);
                got.extend(std::iter::from_fn(|| messages.next()));
            }
            assert_eq!(got, whole, "{size}");
        }
    }
}
