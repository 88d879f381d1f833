//! `pid --annotate LOG --ns …`: says in a log whose the PIDs are.
//!
//! A container's log has the numbers of its own PID namespace, and they are used again. Behind each
//! number that is certainly a PID comes, in braces, the host's vector and the name that its holder
//! had at the time of the line: `sshd[235{6427/235 sshd}]`. `, gone` follows if the holder had
//! ended less than a second before (a reaper's log line), and `, thread of 6401` if it is a thread.
//! `{?}` means that certainly nobody had the number. Where nothing is certain, nothing is added;
//! what is there is never changed, and a number that has braces already gets no more.

mod shape;
mod stamp;

use std::fmt::Write as _;

use super::lifetime::Lifetime;
use super::{Answer, Lifetimes};
use crate::host::Host;
use crate::view::{escape, text};

use stamp::Stamp;

/// How long a number is still known by its last holder, if nobody has it since: ns.
const GRACE: u64 = 1_000_000_000;

/// Annotates the lines of one log, in their order.
#[derive(Clone, Debug)]
pub struct Annotate<'a> {
    lifetimes: &'a Lifetimes,
    host: &'a Host,
    /// Seconds east of UTC of times that do not say.
    offset: i64,
    /// The time of the last line that had one.
    last: Option<Stamp>,
    /// What was done so far.
    pub tally: Tally,
}

/// What became of the numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines.
    pub lines: u64,
    /// Of these, with a time.
    pub timed: u64,
    /// Numbers whose holder was written beside them.
    pub named: u64,
    /// Numbers that certainly nobody had.
    pub free: u64,
    /// Numbers that were left alone, as their holder is not known or there were several within the
    /// precision of the line's time.
    pub unknown: u64,
}

impl<'a> Annotate<'a> {
    /// Annotates with these lifetimes, which should be of a whole namespace.
    pub fn new(lifetimes: &'a Lifetimes, host: &'a Host) -> Self {
        Self { lifetimes, host, offset: 0, last: None, tally: Tally::default() }
    }

    /// Times that do not say otherwise are so many seconds east of UTC, instead of UTC.
    #[must_use]
    pub fn offset(mut self, seconds: i64) -> Self {
        self.offset = seconds;
        self
    }

    /// Appends one line, with or without its line break, and what is to be said about its PIDs.
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        self.tally.lines += 1;
        let end = self.lifetimes.doubt().ended();
        if let Some(stamp) = stamp::find(line, self.host, end, self.offset) {
            self.tally.timed += 1;
            self.last = Some(stamp);
        }
        let stamp = self.last.unwrap_or(Stamp { ts: end, precision: 1 });
        let mut written = 0;
        for (at, nr) in shape::numbers(line) {
            let note = self.note(nr, stamp);
            out.extend_from_slice(line.get(written..at).unwrap_or_default());
            out.extend_from_slice(note.as_bytes());
            written = at;
        }
        out.extend_from_slice(line.get(written..).unwrap_or_default());
    }

    /// What is to be said about a number; nothing if nothing is certain.
    fn note(&mut self, nr: i32, stamp: Stamp) -> String {
        let end = self.lifetimes.doubt().ended();
        let last = stamp.ts.saturating_add(stamp.precision - 1);
        let last = if stamp.ts <= end { last.min(end) } else { last };
        let here =
            |it: &&Lifetime| it.from <= last && it.until.is_none_or(|until| until > stamp.ts);
        let mut holders = self.lifetimes.of_number(nr).filter(here);
        let (holder, other) = (holders.next(), holders.next());
        let note = match (holder, other) {
            (Some(by), None) => {
                let at = stamp.ts.max(by.from);
                let sure = matches!(self.lifetimes.at(nr, at), Answer::Held { sure: true, .. });
                sure.then(|| braces(by, last, false))
            }
            (Some(_), Some(_)) => None,
            (None, _) => self.absent(nr, stamp.ts, last),
        };
        match &note {
            None => self.tally.unknown += 1,
            Some(note) if note == NOBODY => self.tally.free += 1,
            Some(_) => self.tally.named += 1,
        }
        note.unwrap_or_default()
    }

    /// Nobody that is known had the number between these times.
    fn absent(&self, nr: i32, from: u64, last: u64) -> Option<String> {
        let free = |ts| match self.lifetimes.at(nr, ts) {
            Answer::Free { before, .. } => Some(before),
            _ => None,
        };
        let (before, _) = (free(from)?, free(last)?);
        let recent = before.filter(|it| from.saturating_sub(it.until.unwrap_or(0)) < GRACE);
        Some(match recent {
            Some(by) => braces(by, from, true),
            None => NOBODY.to_owned(),
        })
    }
}

/// Nobody had it.
const NOBODY: &str = "{?}";

fn braces(by: &Lifetime, ts: u64, gone: bool) -> String {
    let mut out = String::from("{");
    for (level, number) in by.numbers.iter().enumerate() {
        let _ = write!(out, "{}{}", if level == 0 { "" } else { "/" }, number.nr);
    }
    let comm = by.name_at(ts);
    if !escape::name(&comm).is_empty() {
        let comm = text::made(|out| escape::comm(&comm, out));
        // so that the next brace is always the end
        let _ = write!(out, " {}", comm.replace('{', "\\x7b").replace('}', "\\x7d"));
    }
    let first = by.numbers.first().map_or(0, |first| first.nr);
    if by.tgid != 0 && by.tgid != first {
        let _ = write!(out, ", thread of {}", by.tgid);
    }
    out.push_str(if gone { ", gone}" } else { "}" });
    out
}
