//! The parameters of a request, and the form of its answer.

use clap::ValueEnum as _;
use tracer::{
    host::Host,
    view::{Lines, Style},
};

use super::Refusal;
use crate::{cli::TimeForm, command::settings};

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command::daemon) struct Form {
    /// As JSON lines, else as text.
    pub(in crate::command::daemon) json: bool,
    /// How text looks.
    pub(in crate::command::daemon) style: Style,
    /// How text has times.
    time: TimeForm,
}

/// What writes text.
pub(in crate::command::daemon) struct Text {
    pub(in crate::command::daemon) lines: Lines,
    pub(in crate::command::daemon) style: Style,
}

impl Form {
    /// What writes text, if text is wanted; `start` is the time that relative times count from, ns
    /// since boot.
    pub(in crate::command::daemon) fn text(self, host: &Host, start: u64) -> Option<Text> {
        let Self { json, style, time } = self;
        let text = || Text { lines: Lines::new(style, settings::time(time), host, start), style };
        (!json).then(text)
    }
}

/// The answers' form, in every query.
pub(super) const FORM: [&str; 4] = ["format", "color", "ascii", "time"];

/// The form of the answer.
pub(super) fn form(pairs: &[(String, String)]) -> Result<Form, Refusal> {
    let style = Style { color: false, ascii: false };
    let mut form = Form { json: true, style, time: TimeForm::Relative };
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
            ("color", _) => form.style.color = flag()?,
            ("ascii", _) => form.style.ascii = flag()?,
            ("time", _) => {
                let bad = |_wrong| Refusal::Bad("time is relative, wall or boot".into());
                form.time = TimeForm::from_str(value, false).map_err(bad)?;
            }
            _ => {}
        }
    }
    Ok(form)
}

/// The parameters of a query.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    let pair = |text: &str| {
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        Ok((decode(key)?, decode(value)?))
    };
    query.split('&').filter(|text| !text.is_empty()).map(pair).collect()
}

/// A text without percent signs for bytes, and without plus signs for spaces.
pub(super) fn decode(text: &str) -> Result<String, Refusal> {
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

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(decode("a%20b%26%3d+%c3%a9%0A").unwrap(), "a b&= \u{e9}\n");
        assert!(decode("%").is_err() && decode("%4").is_err() && decode("%ff").is_err());
    }
}
