//! One client that listens: what it asks for, what it was told, and what it has missed.

use std::{fmt::Write as _, sync::Arc};

use tracer::{
    filter::Filter,
    model::{NsKind, World},
    view::{Json, Report, Summary, What, text::made},
};

use super::{gap::Gap, id::Id, queue::Queue};
use crate::command::{daemon::question::Text, moment::Moment};

/// What has gathered is handed over beyond so many bytes.
const FULL: usize = 64 << 10;

/// One client.
pub(super) struct Subscriber {
    filter: Filter,
    summary: Summary,
    /// `None` for JSON.
    text: Option<Text>,
    queue: Arc<Queue>,
    /// What is handed over next.
    pending: String,
    /// Bytes that waited when it was handed over last.
    waiting: usize,
    /// Bytes that may wait.
    room: usize,
    missed: Option<Missed>,
}

/// What there was no room for.
#[derive(Clone, Copy)]
struct Missed {
    from: Id,
    to: Id,
    count: u64,
}

/// What is the same for all who want JSON.
pub(super) struct Shared {
    pub(super) json: Json,
    /// The line of the report that is told, once it is made.
    line: String,
}

impl Shared {
    pub(super) fn new(json: Json) -> Self {
        Self { json, line: String::new() }
    }

    /// Another report is told.
    pub(super) fn forget(&mut self) {
        self.line.clear();
    }

    fn line(&mut self, world: &World, report: &Report) -> &str {
        if self.line.is_empty() {
            self.json.event(world, report, &mut self.line);
        }
        &self.line
    }
}

impl Subscriber {
    pub(super) fn new(filter: Filter, text: Option<Text>, room: usize) -> Self {
        Self {
            filter,
            summary: Summary::default(),
            text,
            queue: Arc::new(Queue::new()),
            pending: String::new(),
            waiting: 0,
            room,
            missed: None,
        }
    }

    pub(super) fn queue(&self) -> Arc<Queue> {
        Arc::clone(&self.queue)
    }

    /// What stands above the events.
    pub(super) fn head(&mut self, now: &Moment<'_>, id: Id, json: &Json) {
        let mut head = String::new();
        match &self.text {
            None => json.header(now.coverage, &mut head),
            Some(text) => {
                message(None, "about", &about(now), &mut self.pending);
                text.lines.heading(&mut head);
            }
        }
        message(Some(id), "header", &head, &mut self.pending);
    }

    /// Takes a report of an event, which the tables have taken in.
    pub(super) fn take(&mut self, world: &World, report: &Report, id: Id, shared: &mut Shared) {
        if !self.filter.concerns(world, report) {
            return;
        }
        let shown = self.filter.shows(world, report);
        if shown || !matches!(report.what, What::Snapshot) {
            self.summary.add(world, report);
        }
        if !shown {
            return;
        }
        if self.missed.is_some() || self.waiting + self.pending.len() > self.room {
            self.miss(id);
            return;
        }
        let kind = report.what.ty().name();
        match &self.text {
            None => message(Some(id), kind, shared.line(world, report), &mut self.pending),
            Some(text) => {
                let line = made(|out| text.lines.line(world, report, out));
                message(Some(id), kind, &line, &mut self.pending);
            }
        }
        if self.pending.len() > FULL {
            self.hand_over();
        }
    }

    /// Takes a report that it was told already: what it makes of the trees counts.
    pub(super) fn see(&mut self, world: &World, report: &Report) {
        let _known = self.filter.concerns(world, report);
    }

    fn miss(&mut self, id: Id) {
        let Missed { from, count, .. } =
            self.missed.unwrap_or(Missed { from: id, to: id, count: 0 });
        self.missed = Some(Missed { from, to: id, count: count + 1 });
        self.summary.miss(1);
    }

    /// Tells that something is missing; `id` is the last of it.
    pub(super) fn gap(&mut self, gap: Gap, id: Id) {
        if let Gap::TooOld { count, .. } = gap {
            self.summary.miss(count);
        }
        let text = if self.text.is_some() { gap.words() } else { gap.json() };
        message(Some(id), "gap", &text, &mut self.pending);
    }

    /// Hands over what has gathered; whether the client still listens.
    pub(super) fn flush(&mut self, world: &World, json: &Json) -> bool {
        let listens = self.hand_over();
        if let Some(Missed { from, to, count }) = self.missed
            && self.waiting <= self.room / 2
        {
            self.missed = None;
            self.gap(Gap::Slow { from, to, count }, to);
            self.hand_over();
        }
        if !listens {
            self.end(world, json, None);
        }
        listens
    }

    fn hand_over(&mut self) -> bool {
        let (waiting, listens) = self.queue.push(&mut self.pending);
        self.waiting = waiting;
        listens
    }

    /// The stream ends: with the sum, and a reason where the client did not ask for it.
    pub(super) fn end(&mut self, world: &World, json: &Json, why: Option<&str>) {
        if let Some(Missed { from, to, count }) = self.missed.take() {
            self.gap(Gap::Slow { from, to, count }, to);
        }
        let mut sum = String::new();
        match &self.text {
            None => json.summary(world, &self.summary, &mut sum),
            Some(text) => self.summary.text(world, text.style, &mut sum),
        }
        if let Some(why) = why {
            let text = match &self.text {
                None => format!(r#"{{"type":"end","why":"{why}"}}"#),
                Some(_) => why.to_owned(),
            };
            message(None, "end", &text, &mut self.pending);
        }
        message(None, "summary", &sum, &mut self.pending);
        self.hand_over();
        self.queue.close();
    }
}

/// What is traced, in a sentence.
fn about(now: &Moment<'_>) -> String {
    let Moment { world, host, coverage, .. } = now;
    let spaces = world.namespaces().filter(|&ns| world.ns(ns).kind == NsKind::Pid).count();
    format!(
        "the daemon traces Linux {} on {} by plan {}: {} tasks in {spaces} PID namespaces",
        host.release,
        host.name,
        coverage.plan(),
        world.tasks().count(),
    )
}

/// A message as the standard has it (WHATWG, server-sent events).
fn message(id: Option<Id>, kind: &str, data: &str, out: &mut String) {
    if let Some(id) = id {
        let _ = writeln!(out, "id: {id}");
    }
    let _ = writeln!(out, "event: {kind}");
    for line in data.lines() {
        out.push_str("data: ");
        out.push_str(line);
        out.push('\n');
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::{super::id::Run, *};

    #[test]
    fn a_message_of_several_lines_is_one() {
        let mut text = String::new();
        message(Some(Run::new("b", 1).whole(7)), "summary", "one\ntwo\n", &mut text);
        let (id, rest) = text.split_once('\n').unwrap();
        assert!(id.starts_with("id: ") && id.ends_with("-7"), "{id}");
        assert_eq!(rest, "event: summary\ndata: one\ndata: two\n\n");
    }
}
