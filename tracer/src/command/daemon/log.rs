//! The daemon's log, on standard error: for journald, or as JSON.

use tracer::view::{escape, text, time};

use crate::{cli::LogForm, command::out};

/// How much a line matters, as syslog counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Error = 3,
    Warning = 4,
    Info = 6,
}

/// Writes lines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    form: LogForm,
    /// Standard error goes to the journal, which takes a priority from the front of a line.
    journal: bool,
}

impl Log {
    pub(super) fn new(form: LogForm) -> Self {
        Self { form, journal: std::env::var_os("JOURNAL_STREAM").is_some() }
    }

    pub(super) fn info(self, message: &str) {
        self.line(Level::Info, message);
    }

    pub(super) fn warn(self, message: &str) {
        self.line(Level::Warning, message);
    }

    pub(super) fn error(self, message: &str) {
        self.line(Level::Error, message);
    }

    fn line(self, level: Level, message: &str) {
        let now = tracer::kernel::host().wall_ns;
        out::complain(self.made(level, message, now));
    }

    /// The line of a message; `now` is ns since the epoch.
    fn made(self, level: Level, message: &str, now: u64) -> String {
        match self.form {
            LogForm::Text => {
                let priority =
                    if self.journal { format!("<{}>", level as u8) } else { String::new() };
                let message = text::made(|out| escape::terminal(message.as_bytes(), out));
                format!("{priority}{message}")
            }
            LogForm::Json => {
                let time = text::made(|out| time::rfc3339(now, out));
                let message = text::made(|out| {
                    escape::json(message.as_bytes(), out);
                });
                let level = format!("{level:?}").to_lowercase();
                format!(r#"{{"time":"{time}","level":"{level}","message":"{message}"}}"#)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_whatever_it_says() {
        let hostile = "a\nb\u{1b}[2J\"";
        let text = Log { form: LogForm::Text, journal: true }.made(Level::Warning, hostile, 0);
        assert_eq!(text, r#"<4>a\nb\x1b[2J""#);
        let json = Log { form: LogForm::Json, journal: false }.made(Level::Error, hostile, 0);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&value["level"], &value["message"]), (&"error".into(), &hostile.into()));
    }
}
